"""Which rows of the programme's tables an actor may see: campaigns, cohorts, supervisions, goals
and the rest of what the scheme is run with. `app/scope.py` takes them in."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, false, true
from sqlmodel import SQLModel

from app.models.clearances import Clearance
from app.models.staff import Role

Narrowing = Callable[[Role], ColumnElement[bool]]


def _clearances(role: Role) -> ColumnElement[bool]:
    """Support workers and governors; a mentor learns the outcome from their own record."""
    return true() if role in {Role.support_worker, Role.governor} else false()


PROGRAMME: dict[type[SQLModel], Narrowing] = {
    Clearance: _clearances,
}
