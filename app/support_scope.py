"""Which rows of goals, complaints and demand an actor may see; a part of `app/scope.py`.

A complaint goes past the one it is about, and past whoever supervised a mentor it is about since
it was made: it is not there for them, nor is anything that came of it.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlmodel import SQLModel, col

from app.models.complaints import Complaint, ComplaintAbout
from app.models.demand import TurnedAway
from app.models.goals import Goal, GoalStatus
from app.models.mentees import Mentee
from app.models.notifications import Notification
from app.models.permissions import Purpose, Recipient
from app.models.staff import Role
from app.models.tasks import Task
from app.ties import HERE, MY_PERSON, MY_STAFF, my_mentees, not_revoked


def _goals(role: Role) -> ColumnElement[bool]:
    """Those who care see all; a prisoner their own; a mentor what their own mentees share."""
    if role.family is not Role.mentor:
        return true() if role is Role.support_worker or role.family is Role.clinician else false()
    mine = select(col(Mentee.id)).where(
        col(Mentee.prison_id) == HERE, col(Mentee.person_id) == MY_PERSON
    )
    own = col(Goal.mentee_id).in_(mine)
    if role is not Role.mentor:
        return own
    permitted = select(col(Mentee.id)).where(
        col(Mentee.prison_id) == HERE,
        col(Mentee.id).in_(my_mentees()),
        not_revoked(col(Mentee.person_id), Recipient.mentor, Purpose.peer_support),
    )
    shared = and_(
        col(Goal.share_with_mentor).is_(true()),
        col(Goal.status) != GoalStatus.dropped,
        col(Goal.mentee_id).in_(permitted),
    )
    return or_(own, shared)


def _not_about_me() -> ColumnElement[bool]:
    not_mine = func.array_position(col(Complaint.about_line_ids), MY_STAFF).is_(None)
    return and_(col(Complaint.about_staff_id).is_distinct_from(MY_STAFF), not_mine)


def _complaints(role: Role) -> ColumnElement[bool]:
    """Nobody sees one about themselves or a mentor of theirs; governors all others, support workers
    and clinicians none about staff, nor about a mentor whom nobody has named yet."""
    if role.family is Role.mentor:
        return col(Complaint.raised_by_person_id) == MY_PERSON
    if role is Role.wing_duty:
        return false()
    if role is Role.governor:
        return _not_about_me()
    governors_only = or_(
        col(Complaint.about) == ComplaintAbout.staff,
        col(Complaint.about_staff_id).is_not(None),
        and_(
            col(Complaint.about) == ComplaintAbout.mentor,
            col(Complaint.about_mentor_id).is_(None),
        ),
    )
    return and_(_not_about_me(), ~governors_only)


def complaints_of(role: Role) -> Any:
    """The ids of the complaints a role may see: whose tasks it may see, too."""
    return select(col(Complaint.id)).where(col(Complaint.prison_id) == HERE, _complaints(role))


def complaints_about_me() -> Any:
    """The ids of the complaints that are kept from the actor."""
    return select(col(Complaint.id)).where(col(Complaint.prison_id) == HERE, ~_not_about_me())


def tasks_about_me() -> Any:
    """The ids of the tasks that came of them."""
    return select(col(Task.id)).where(
        col(Task.prison_id) == HERE, col(Task.thing_id).in_(complaints_about_me())
    )


def pages_about_me() -> Any:
    """The ids of the pages about those."""
    return select(col(Notification.id)).where(
        col(Notification.prison_id) == HERE, col(Notification.task_id).in_(tasks_about_me())
    )


def _turned_away(role: Role) -> ColumnElement[bool]:
    outside = role is Role.wing_duty or role.family is Role.mentor
    return false() if outside else true()


SUPPORT: dict[type[SQLModel], Callable[[Role], ColumnElement[bool]]] = {
    Goal: _goals,
    Complaint: _complaints,
    TurnedAway: _turned_away,
}
