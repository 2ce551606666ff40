"""Which rows of the programme's tables an actor may see: campaigns, cohorts, supervisions, goals
and the rest of what the scheme is run with. `app/scope.py` takes them in."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, false, select, true
from sqlmodel import SQLModel, col

from app.models.adoptions import Adoption
from app.models.campaigns import Campaign, CampaignStatus
from app.models.character_references import CharacterReference
from app.models.interviews import Interview
from app.models.mentors import Mentor
from app.models.staff import Role
from app.models.statements import Statement
from app.ties import HERE, MY_PERSON

Narrowing = Callable[[Role], ColumnElement[bool]]


def _campaigns(role: Role) -> ColumnElement[bool]:
    """Prisoners see those that are open; staff all."""
    if role.family is Role.mentor:
        return col(Campaign.status) == CampaignStatus.open
    return true()


def _statements(role: Role) -> ColumnElement[bool]:
    """A prisoner's own words; to staff everyone's."""
    if role.family is not Role.mentor:
        return true()
    mine = select(col(Mentor.id)).where(
        col(Mentor.prison_id) == HERE, col(Mentor.person_id) == MY_PERSON
    )
    return col(Statement.mentor_id).in_(mine)


def _staff(role: Role) -> ColumnElement[bool]:
    """What staff hold of an application: no prisoner sees it, least of all of their own."""
    return false() if role.family is Role.mentor else true()


PROGRAMME: dict[type[SQLModel], Narrowing] = {
    Campaign: _campaigns,
    Statement: _statements,
    CharacterReference: _staff,
    Interview: _staff,
    Adoption: _staff,
}
