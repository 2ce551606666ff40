"""Clients: machines that a prison's governors let in, each within its scopes."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, StringConstraints, field_validator
from sqlalchemy import CheckConstraint, Column, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.models.base import Identified, Input, Name, Versioned, given


class ClientScope(StrEnum):
    """What a machine client may be let do."""

    concerns_read = "concerns.read"
    export_pseudonymised = "export.pseudonymised"
    export_identifiable = "export.identifiable"
    fhir_read = "fhir.read"
    events_write = "events.write"


TWO_PERSON = frozenset({ClientScope.export_identifiable})
"""Scopes that a second person must confirm before they are in force."""


def _known(column: str) -> CheckConstraint:
    known = ", ".join(f"'{scope.value}'" for scope in ClientScope)
    return CheckConstraint(f"{column} <@ ARRAY[{known}]::varchar[]", name=column)


class Client(Versioned, table=True):
    """A machine client in one prison. `client_id` is the `client_id` of its tokens."""

    __tablename__ = "client"
    __table_args__ = (
        UniqueConstraint("prison_id", "client_id", name="uq_client_client_id"),
        _known("scopes"),
        _known("pending_scopes"),
    )

    client_id: str = Field(max_length=200)
    name: str = Field(max_length=100)
    scopes: list[str] = Field(sa_column=Column(ARRAY(String()), nullable=False))
    pending_scopes: list[str] = Field(sa_column=Column(ARRAY(String()), nullable=False))
    asked_by: str | None = Field(default=None, max_length=200)
    active: bool = Field(default=True, nullable=False)


ClientId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$"),
]
"""As RFC 6749 has it, without spaces: visible ASCII."""


def _once_each(scopes: list[ClientScope] | None) -> list[ClientScope] | None:
    return None if scopes is None else [scope for scope in ClientScope if scope in scopes]


Scopes = Annotated[list[ClientScope], AfterValidator(_once_each)]


class ClientCreate(Input):
    """A machine client to let in. The issuer of tokens keeps its secret; nothing here knows it."""

    client_id: ClientId = Field(schema_extra={"examples": ["dashboard.sli"]})
    name: Name = Field(schema_extra={"examples": ["Wing dashboard"]})
    scopes: Scopes = Field(max_length=20, schema_extra={"examples": [["concerns.read"]]})


class ClientUpdate(Input):
    """What may change of a client. What is left out stays. A client that is not active is shut
    out at once."""

    name: Name | None = Field(default=None, schema_extra={"examples": ["Wing dashboard"]})
    scopes: Scopes | None = Field(
        default=None, max_length=20, schema_extra={"examples": [["concerns.read"]]}
    )
    active: bool | None = Field(default=None, schema_extra={"examples": [False]})

    _given = field_validator("name", "scopes", "active")(given)


class ClientRead(Identified):
    """A machine client."""

    client_id: str
    name: str
    scopes: list[ClientScope] = Field(description="In force.")
    pending_scopes: list[ClientScope] = Field(
        description="Asked for, and in force when a second person has confirmed them."
    )
    asked_by: str | None = Field(description="Who asked for the pending ones, and cannot confirm.")
    active: bool
