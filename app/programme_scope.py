"""Which rows of the programme's tables an actor may see: campaigns, cohorts, supervisions, goals
and the rest of what the scheme is run with. `app/scope.py` takes them in."""

from collections.abc import Callable

from sqlalchemy import ColumnElement
from sqlmodel import SQLModel

from app.models.staff import Role
from app.support_scope import SUPPORT

Narrowing = Callable[[Role], ColumnElement[bool]]

PROGRAMME: dict[type[SQLModel], Narrowing] = {
    **SUPPORT,
}
