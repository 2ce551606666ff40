"""Searching the audit, without finding in it what is hidden from whoever searches."""

from typing import Any

from sqlalchemy import ColumnElement, Uuid, cast, func
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlmodel import col

from app.models.audit import AuditEntry
from app.records import ids_of


def touches(row_id: Any) -> ColumnElement[bool]:
    """Entries about the row with this id."""
    return col(AuditEntry.ids).bool_op("@>")(cast(array([row_id]), ARRAY(Uuid())))


def touches_person(prison_id: Any, person_id: Any) -> ColumnElement[bool]:
    """Entries about any row that is a person's."""
    mine = func.array(ids_of(prison_id, person_id).scalar_subquery())
    return col(AuditEntry.ids).bool_op("&&")(mine)
