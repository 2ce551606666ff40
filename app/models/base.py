"""What every table and shape is made of: ids, times, closed lists, the scope columns."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, ConfigDict, PlainSerializer, StringConstraints
from sqlalchemy import DateTime, Enum, ForeignKeyConstraint, MetaData
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

# Tables without `prison_id` and without row-level security, each with its reason (tested).
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


def _clean(text: str) -> str:
    if "\x00" in text or re.search(r"[\ud800-\udfff]", text):
        raise ValueError("must not hold NUL or lone surrogate characters")
    return text


def _sensible(instant: datetime) -> datetime:
    if not 1900 <= instant.year <= 2200:
        raise ValueError("must lie between the years 1900 and 2200")
    return instant.astimezone(UTC)


Instant = Annotated[
    AwareDatetime, AfterValidator(_sensible), PlainSerializer(clock.spell, when_used="json")
]
"""A time with its offset; naive times are refused. Kept and answered in UTC."""

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_clean),
]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=300),
    AfterValidator(_clean),
]
Story = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=8000),
    AfterValidator(_clean),
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
    """A reply's shape. Fields out of an audience's reach are absent from its class."""

    model_config = ConfigDict(from_attributes=True)  # type: ignore[assignment]


class Scoped(SQLModel):
    """The columns of every scoped table. `prison_id` is in every key."""

    prison_id: str = Field(primary_key=True, foreign_key="prison.id", max_length=3)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    recorded_at: datetime = Field(default_factory=clock.now, sa_type=TIMESTAMP, nullable=False)


class Versioned(Scoped):
    """A scoped row that changes: `version` rises with each change and is the ETag."""

    version: int = Field(default=1, nullable=False)


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
