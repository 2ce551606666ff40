"""Which rows of the programme's tables an actor may see: campaigns, cohorts, supervisions, goals
and the rest of what the scheme is run with. `app/scope.py` takes them in."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlmodel import SQLModel, col

from app.models.assessments import Assessment
from app.models.cohorts import Attendance, Cohort, CohortDay, CohortMember
from app.models.modules import SiteModule
from app.models.placements import Placement, PlacementStatus
from app.models.staff import Role
from app.ties import HERE, MY_MENTOR

Narrowing = Callable[[Role], ColumnElement[bool]]


def _everyone(_: Role) -> ColumnElement[bool]:
    return true()


def _all_for_staff(own: ColumnElement[bool]) -> Narrowing:
    """Staff see every row of the prison, a mentor only `own`."""
    return lambda role: own if role.family is Role.mentor else true()


def _my_cohorts() -> Any:
    """The cohorts a mentor is in."""
    return select(col(CohortMember.cohort_id)).where(
        col(CohortMember.prison_id) == HERE,
        col(CohortMember.mentor_id) == MY_MENTOR,
        col(CohortMember.left_at).is_(None),
    )


PROGRAMME: dict[type[SQLModel], Narrowing] = {
    Placement: _all_for_staff(
        and_(
            or_(col(Placement.mentor_id) == MY_MENTOR, col(Placement.host_id) == MY_MENTOR),
            col(Placement.status) == PlacementStatus.live,
        )
    ),
    Assessment: _all_for_staff(
        and_(col(Assessment.mentor_id) == MY_MENTOR, col(Assessment.assessor_id).is_not(None))
    ),
    SiteModule: _everyone,
    Cohort: _all_for_staff(col(Cohort.id).in_(_my_cohorts())),
    CohortDay: _all_for_staff(col(CohortDay.cohort_id).in_(_my_cohorts())),
    CohortMember: _all_for_staff(
        and_(col(CohortMember.mentor_id) == MY_MENTOR, col(CohortMember.left_at).is_(None))
    ),
    Attendance: _all_for_staff(col(Attendance.mentor_id) == MY_MENTOR),
}
