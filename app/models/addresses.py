"""Addresses: where a member of staff is reached, each proven by a code, and what it is used for."""

from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import StringConstraints, field_validator, model_validator
from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Line,
    Versioned,
    choice,
    given,
    reference,
)

CODE_TRIES = 5


class ChannelKind(StrEnum):
    """A way in which a page is carried. `log` is always there, and is nobody's own."""

    log = "log"
    email = "email"
    sms = "sms"
    letter = "letter"


class AddressKind(StrEnum):
    """What an address of somebody's own is."""

    email = "email"
    sms = "sms"
    letter = "letter"  # takes days, and so has ordinary pages alone

    @property
    def channel(self) -> ChannelKind:
        return ChannelKind(self.value)


class Address(Versioned, table=True):
    """One address of one member of staff. It is never changed: another is another row.

    The code that proves it is kept nowhere: it is worked out anew from `code_number`.
    """

    __tablename__ = "address"
    __table_args__ = (
        reference("staff", "staff_id"),
        CheckConstraint(
            "(ordinary_from IS NULL) = (ordinary_until IS NULL)", name="both_ends_of_the_day"
        ),
        CheckConstraint("ordinary_from <> ordinary_until", name="some_of_the_day"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        Index(
            "uq_address_live",
            "prison_id",
            "staff_id",
            "kind",
            "value",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    staff_id: UUID
    kind: AddressKind = Field(sa_type=choice(AddressKind, "kind"))
    value: str = Field(max_length=254)
    code_number: int = Field(default=0, nullable=False)
    code_until: datetime = Field(sa_type=TIMESTAMP)
    tries_left: int = Field(default=CODE_TRIES, nullable=False)
    verified_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    safety: bool = Field(default=True, nullable=False)
    ordinary: bool = Field(default=True, nullable=False)
    ordinary_from: time | None = None
    ordinary_until: time | None = None
    ended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    ended_by: str | None = Field(default=None, max_length=200)


class AddressCreate(Input):
    """An address of one's own to add. A code is sent to it."""

    kind: AddressKind = Field(schema_extra={"examples": ["email"]})
    value: Line = Field(
        max_length=254,
        description="An e-mail address, a telephone number that takes texts, or for letters an"
        " address in the United Kingdom, its three to seven lines parted by commas.",
        schema_extra={"examples": ["n.mockham@prison.example"]},
    )


class AddressUpdate(Input):
    """What the address is used for. What is left out stays; only the two times may be null."""

    safety: bool | None = Field(
        default=None,
        description="For pages about somebody's safety. For `now` every address is used whatever"
        " stands here; where all say no, or none of those that say yes is reached, all are.",
        schema_extra={"examples": [True]},
    )
    ordinary: bool | None = Field(
        default=None,
        description="For what the scheme is run with: a supervision, a refresher.",
        schema_extra={"examples": [False]},
    )
    ordinary_from: time | None = Field(
        default=None,
        description="Ordinary pages wait for this time on the prison's wall; null: at any time."
        " A night worker's day may go past midnight.",
        schema_extra={"examples": ["09:00:00"]},
    )
    ordinary_until: time | None = Field(default=None, schema_extra={"examples": ["17:00:00"]})

    _given = field_validator("safety", "ordinary")(given)

    @model_validator(mode="after")
    def _both_ends(self) -> Self:
        begins, ends = self.ordinary_from, self.ordinary_until
        named = self.model_fields_set & {"ordinary_from", "ordinary_until"}
        if len(named) == 1 or (begins is None) != (ends is None):
            raise ValueError("ordinary_until: goes with ordinary_from, and only with that")
        if begins is not None and ends is not None:
            if begins.tzinfo is not None or ends.tzinfo is not None:
                raise ValueError("ordinary_from: is a time on the prison's wall, without an offset")
            if begins == ends:
                raise ValueError("ordinary_until: must be another time than ordinary_from")
        return self


class CodeTried(Input):
    """The code that came to the address."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")] = Field(
        schema_extra={"examples": ["402913"]}
    )


class AddressRead(Identified):
    """An address of one's own."""

    staff_id: UUID
    kind: AddressKind
    value: str
    verified_at: Instant | None = Field(description="Nothing is sent before it is proven.")
    code_until: Instant = Field(description="Until when the last code counts.")
    tries_left: int = Field(description="Then a new code is needed.")
    safety: bool
    ordinary: bool
    ordinary_from: time | None
    ordinary_until: time | None
    ended_at: Instant | None


class AddressForGovernor(Identified):
    """Whether somebody can be reached, and on what; not where: that is theirs."""

    staff_id: UUID
    kind: AddressKind
    verified_at: Instant | None
    safety: bool
    ordinary: bool
    ended_at: Instant | None
