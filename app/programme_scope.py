"""Which rows of the programme's tables an actor may see: campaigns, cohorts, supervisions, goals
and the rest of what the scheme is run with. `app/scope.py` takes them in."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlmodel import SQLModel, col

from app.models.efforts import Effort
from app.models.mentees import Mentee
from app.models.outreach_visits import OutreachPart, OutreachVisit
from app.models.people import Person
from app.models.staff import Role
from app.models.wing_places import WingPlace
from app.ties import HERE, MY_MENTOR, MY_PERSON, my_mentees

Narrowing = Callable[[Role], ColumnElement[bool]]


def _people(role: Role) -> ColumnElement[bool]:
    """Staff see everyone, mentors themselves and those they support. A number that turned out to
    be another's is found there, and is no person by itself."""
    themselves = col(Person.merged_into).is_(None)
    if role.family is not Role.mentor:
        return themselves
    supported = select(col(Mentee.person_id)).where(
        col(Mentee.prison_id) == HERE, col(Mentee.id).in_(my_mentees())
    )
    return and_(themselves, or_(col(Person.id) == MY_PERSON, col(Person.id).in_(supported)))


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
    Person: _people,
    WingPlace: _places,
    OutreachVisit: _visits,
    OutreachPart: _visits,
    Effort: _efforts,
}
