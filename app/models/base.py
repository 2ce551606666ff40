"""What every table and shape is made of: ids, times, closed lists, the scope columns."""

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from sqlalchemy import BigInteger, DateTime, Enum, ForeignKeyConstraint, MetaData, text
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from app import clock

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
metadata: MetaData = SQLModel.metadata
metadata.naming_convention = NAMING

TIMESTAMP = DateTime(timezone=True)
FIRST_YEAR, LAST_YEAR = 1900, 2200
OUT_OF_BOUNDS = f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}"
When = TypeVar("When", date, datetime)

# Tables without `prison_id`, or read without a scope, each with its reason (tested).
EXEMPT_TABLES = {
    "prison": "the scope itself",
    "person_identity": "ties one person's episodes in different prisons, behind one function",
    "sweep_pulse": "health must see every prison's pulse without a scope",
    "revocation": "a token is revoked in every prison at once, and before its prison is known",
    "software_start": "a process serves every prison, and starts before any is asked for",
    "development_clock": "one offset shared by the processes of a development machine",
    "alembic_version": "migrations",
}


def new_id() -> UUID:
    """A UUIDv7: unique, and roughly ordered by time of making."""
    return uuid7()


def choice(kind: type[StrEnum], name: str) -> Enum:
    """A closed list as text with a CHECK of its values."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        name=name,
        length=60,
        values_callable=lambda members: [member.value for member in members],
    )


def reference(table: str, column: str, **options: Any) -> ForeignKeyConstraint:
    """A foreign key inside the prison: (prison_id, column) → table."""
    return ForeignKeyConstraint(
        ["prison_id", column], [f"{table}.prison_id", f"{table}.id"], **options
    )


_UNSAID = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"
_NOT_IN_A_STORY = re.compile(f"[{_UNSAID}]")
_NOT_IN_A_LINE = re.compile(f"[{_UNSAID}\t\n\r]")


def _without(unsaid: re.Pattern[str]) -> AfterValidator:
    """Refuses what no text says, and what stops a picture or a printer: control characters."""

    def clean(text: str) -> str:
        if unsaid.search(text):
            raise ValueError("must not hold control or lone surrogate characters")
        return text

    return AfterValidator(clean)


def _bounded(when: When) -> When:
    """Far enough from the ends of the calendar that days can be added to it and taken from it."""
    if not FIRST_YEAR <= when.year <= LAST_YEAR:
        raise ValueError(OUT_OF_BOUNDS)
    return when


def _in_utc(value: Any, read: ValidatorFunctionWrapHandler) -> datetime:
    """In UTC. What comes in as text is bounded; what is kept already is answered as it is."""
    instant: datetime = read(value)
    try:
        instant = instant.astimezone(UTC)
    except OverflowError:
        raise ValueError(OUT_OF_BOUNDS) from None
    return instant if isinstance(value, datetime) else _bounded(instant)


Instant = Annotated[
    AwareDatetime, WrapValidator(_in_utc), PlainSerializer(clock.spell, when_used="json")
]
"""A time with its offset; naive times are refused. Kept and answered in UTC."""

Day = Annotated[date, AfterValidator(_bounded)]
"""A day that somebody gives, in a body or a query."""

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    _without(_NOT_IN_A_LINE),
]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=300),
    _without(_NOT_IN_A_LINE),
]
LINE_AND_ID = 400  # letters of a line, with an id that was given beside it
Story = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=8000),
    _without(_NOT_IN_A_STORY),
]
PrisonId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
PrisonerNumber = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_upper=True, pattern=r"^\s*[A-Za-z][0-9]{4}[A-Za-z]{2}\s*$"
    ),
]


def given(value: Any) -> Any:
    """Validates a field of an update that may be left out, but not null."""
    if value is None:
        raise ValueError("must not be null")
    return value


class Input(SQLModel):
    """A body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")  # type: ignore[assignment]


class Output(SQLModel):
    """A reply's shape. Fields out of an audience's reach are absent from its class; those of it are
    always answered, also with what they hold by default."""

    model_config = ConfigDict(  # type: ignore[assignment]
        from_attributes=True, json_schema_serialization_defaults_required=True
    )


class Scoped(SQLModel):
    """The columns of every scoped table. `prison_id` is in every key."""

    prison_id: str = Field(primary_key=True, foreign_key="prison.id", max_length=3)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    recorded_at: datetime = Field(default_factory=clock.now, sa_type=TIMESTAMP, nullable=False)


class Versioned(Scoped):
    """A scoped row that changes: `version` rises with each change and is the ETag."""

    version: int = Field(default=1, nullable=False)


class Exported(SQLModel):
    """A row that is exported: which transaction wrote it last, kept by a trigger. Readers who come
    again ask by it, since neither times nor versions give the order of commits."""

    changed_xid: int = Field(
        default=None,
        sa_type=BigInteger,
        nullable=False,
        sa_column_kwargs={"server_default": text("(pg_current_xact_id()::text::bigint)")},
    )


class Disclosure(StrEnum):
    """What subject access may do with a free text; said when it is written, the least first."""

    ordinary = "ordinary"
    third_party = "third_party"
    serious_harm_test = "serious_harm_test"
    restricted = "restricted"

    def stricter(self, other: "Disclosure | None") -> "Disclosure":
        """The stricter of two, for a row that holds several texts."""
        order = list(Disclosure)
        return self if other is None else max(self, other, key=order.index)


class Written(SQLModel):
    """The column of every table with free text."""

    disclosure: Disclosure = Field(
        default=Disclosure.ordinary, sa_type=choice(Disclosure, "disclosure"), nullable=False
    )


class Writing(Input):
    """A body with free text."""

    disclosure: Disclosure = Field(
        default=Disclosure.ordinary,
        description="What subject access may do with the text: `ordinary` is given, `third_party`"
        " without what is of others, `serious_harm_test` after a clinician's test, `restricted`"
        " is not. Prisoners say `ordinary` or `third_party`.",
    )


class Rewriting(Input):
    """A body that may change a free text."""

    disclosure: Disclosure | None = Field(
        default=None, description="What subject access may do with the text; absent: as before."
    )


class Identified(Output):
    """What every resource shows."""

    id: UUID
    version: int
    recorded_at: Instant
