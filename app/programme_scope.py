"""Which rows of the programme's tables an actor may see: campaigns, cohorts, supervisions, goals
and the rest of what the scheme is run with. `app/scope.py` takes them in."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, and_, false, true
from sqlmodel import SQLModel, col

from app.models.acquaintances import Acquaintance, DeclaredBy
from app.models.match_proposals import MatchProposal, MatchProposalPair
from app.models.non_associations import NonAssociation
from app.models.profiles import Profile
from app.models.staff import Role
from app.ties import MY_PERSON

Narrowing = Callable[[Role], ColumnElement[bool]]


def _care_and(own: ColumnElement[bool]) -> Narrowing:
    """Support workers and clinicians see every row, a prisoner only `own`, nobody else any."""

    def narrow(role: Role) -> ColumnElement[bool]:
        if role.family is Role.mentor:
            return own
        return true() if role is Role.support_worker or role.family is Role.clinician else false()

    return narrow


def _nobody(_: Role) -> ColumnElement[bool]:
    return false()


PROGRAMME: dict[type[SQLModel], Narrowing] = {
    Profile: _care_and(col(Profile.person_id) == MY_PERSON),
    Acquaintance: _care_and(
        and_(
            col(Acquaintance.person_id) == MY_PERSON,
            col(Acquaintance.declared_by) == DeclaredBy.own_word,
        )
    ),
    NonAssociation: _nobody,  # whoever could read one could list a man's enemies
    MatchProposal: _care_and(false()),
    MatchProposalPair: _care_and(false()),
}
