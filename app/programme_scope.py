"""Which rows of the programme's tables an actor may see: campaigns, cohorts, supervisions, goals
and the rest of what the scheme is run with. `app/scope.py` takes them in."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, false, true
from sqlmodel import SQLModel, col

from app.models.efforts import Effort
from app.models.outreach_visits import OutreachPart, OutreachVisit
from app.models.staff import Role
from app.models.wing_places import WingPlace
from app.ties import MY_MENTOR, MY_PERSON

Narrowing = Callable[[Role], ColumnElement[bool]]


def _places(role: Role) -> ColumnElement[bool]:
    """Staff see every place, prisoners their own."""
    return col(WingPlace.person_id) == MY_PERSON if role.family is Role.mentor else true()


def _visits(role: Role) -> ColumnElement[bool]:
    """Staff see where the scheme went, and with whom."""
    return false() if role.family is Role.mentor else true()


def _efforts(role: Role) -> ColumnElement[bool]:
    """Mentors see their own, support workers and clinicians all. Governors get hours put
    together."""
    if role.family is Role.mentor:
        return col(Effort.mentor_id) == MY_MENTOR
    return false() if role is Role.governor else true()


PROGRAMME: dict[type[SQLModel], Narrowing] = {
    WingPlace: _places,
    OutreachVisit: _visits,
    OutreachPart: _visits,
    Effort: _efforts,
}
