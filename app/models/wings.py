"""Wings: where people live, one of them dedicated to the scheme."""

from typing import Annotated

from pydantic import StringConstraints
from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.models.base import Identified, Input, Name, Versioned


class Wing(Versioned, table=True):
    """A wing of the prison."""

    __tablename__ = "wing"
    __table_args__ = (UniqueConstraint("prison_id", "code", name="uq_wing_code"),)

    code: str = Field(max_length=12)
    name: str = Field(max_length=100)
    dedicated: bool = Field(default=False, nullable=False)


class WingCreate(Input):
    """A wing to add. `code` is the part of a cell location before its first hyphen."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,12}$")] = Field(
        schema_extra={"examples": ["D"]}
    )
    name: Name = Field(schema_extra={"examples": ["Delta wing"]})
    dedicated: bool = Field(default=False, description="Whether the scheme lives on this wing.")


class WingRead(Identified):
    """A wing."""

    code: str
    name: str
    dedicated: bool
