"""Wings: where people live, one of them dedicated to the scheme."""

from typing import Annotated

from pydantic import StringConstraints, field_validator
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.models.base import Identified, Input, Name, Versioned, given

MOST_PLACES = 1000


class Wing(Versioned, table=True):
    """A wing of the prison."""

    __tablename__ = "wing"
    __table_args__ = (
        UniqueConstraint("prison_id", "code", name="uq_wing_code"),
        CheckConstraint("places >= 0", name="places"),
    )

    code: str = Field(max_length=12)
    name: str = Field(max_length=100)
    dedicated: bool = Field(default=False, nullable=False)
    places: int | None = None


class WingCreate(Input):
    """A wing to add. `code` is the part of a cell location before its first hyphen."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,12}$")] = Field(
        schema_extra={"examples": ["D"]}
    )
    name: Name = Field(schema_extra={"examples": ["Delta wing"]})
    dedicated: bool = Field(default=False, description="Whether the scheme lives on this wing.")
    places: int | None = Field(
        default=None,
        ge=0,
        le=MOST_PLACES,
        description="How many people can live there for the scheme; null: not recorded, no limit.",
        schema_extra={"examples": [40]},
    )


class WingUpdate(Input):
    """What may change of a wing. What is left out stays; only `places` may be null."""

    name: Name | None = Field(default=None, schema_extra={"examples": ["Delta wing"]})
    dedicated: bool | None = Field(default=None, schema_extra={"examples": [True]})
    places: int | None = Field(
        default=None,
        ge=0,
        le=MOST_PLACES,
        description="Fewer than are taken moves nobody off: no more are given.",
        schema_extra={"examples": [40]},
    )

    _given = field_validator("name", "dedicated")(given)


class WingRead(Identified):
    """A wing."""

    code: str
    name: str
    dedicated: bool
    places: int | None
