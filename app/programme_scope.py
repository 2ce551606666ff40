"""Which rows of the programme's tables an actor may see: campaigns, cohorts, supervisions, goals
and the rest of what the scheme is run with. `app/scope.py` takes them in."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, false, true
from sqlmodel import SQLModel, col

from app.models.check_ins import CheckIn
from app.models.joint_reviews import JointReview
from app.models.staff import Role
from app.models.supervisions import Supervision
from app.ties import MY_MENTOR

Narrowing = Callable[[Role], ColumnElement[bool]]


def _care_and_governors(role: Role) -> bool:
    """Those who run the scheme; wing officers read no notes."""
    return role is Role.support_worker or role.family in {Role.clinician, Role.governor}


def _of_my_mentor(mentor_id: Any) -> Narrowing:
    """Those who run the scheme see every row of the prison, a mentor their own."""

    def narrow(role: Role) -> ColumnElement[bool]:
        if role is Role.mentor:
            return col(mentor_id) == MY_MENTOR
        return true() if _care_and_governors(role) else false()

    return narrow


def _the_scheme(role: Role) -> ColumnElement[bool]:
    return true() if _care_and_governors(role) else false()


PROGRAMME: dict[type[SQLModel], Narrowing] = {
    Supervision: _of_my_mentor(Supervision.mentor_id),
    JointReview: _the_scheme,
    CheckIn: _of_my_mentor(CheckIn.mentor_id),
}
