"""Which concerns an actor may see, and what came of them: pages, tasks, entries of the audit.

A part of `app/scope.py`. What is kept from somebody is not there for them, nor is anything that
tells of it.
"""

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    any_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlmodel import col

from app.models.audit import AuditAct, AuditEntry
from app.models.break_glass import BreakGlass
from app.models.concerns import Concern, ConcernKind
from app.models.deliveries import Delivery
from app.models.lockdowns import WelfareCheck
from app.models.notifications import Notification
from app.models.staff import Role, Staff, StaffRole
from app.models.tasks import Task, TaskSource
from app.services.escalation import Immediacy
from app.support_scope import complaints_about_me, complaints_of, pages_about_me, tasks_about_me
from app.ties import MY_PERSON, MY_STAFF, MY_SUBJECT, NOW, glass_broken


def _paged_to_me(about: Any) -> Any:
    """What the actor was paged about: the ids in one of the columns of notifications."""
    return select(about).where(
        col(Notification.prison_id) == bindparam("actor_prison"),
        col(Notification.staff_id) == MY_STAFF,
        about.is_not(None),
    )


def _not_about_me() -> ColumnElement[bool]:
    """A concern neither about the actor nor about a mentor of theirs."""
    about, line = col(Concern.about_staff_id), col(Concern.about_line_id)
    return and_(about.is_distinct_from(MY_STAFF), line.is_distinct_from(MY_STAFF))


def of_one_not_about_me(concern_id: Any) -> ColumnElement[bool]:
    """Whether what came of a concern came of one that is not hidden from the actor."""
    others = select(col(Concern.id)).where(
        col(Concern.prison_id) == bindparam("actor_prison"), _not_about_me()
    )
    return col(concern_id).in_(others)


def concerns(role: Role) -> ColumnElement[bool]:
    """Nobody sees a concern about themselves or a mentor of theirs; the rest by routing."""
    if role.family is Role.mentor:
        return col(Concern.raised_by_person_id) == MY_PERSON
    not_about_me = _not_about_me()
    governors_only = or_(
        col(Concern.about_staff_id).is_not(None),
        col(Concern.about_staff_as_told).is_not(None),
        col(Concern.kind) == ConcernKind.security_matter,
    )
    if role is Role.governor:
        ended = func.coalesce(col(Concern.closed_at), NOW)
        breached = or_(  # and stays so when it is done late
            func.coalesce(col(Concern.acknowledged_at), ended) > col(Concern.acknowledge_by),
            func.coalesce(col(Concern.seen_at), ended) > col(Concern.seen_by),
            func.coalesce(col(Concern.decided_at), ended) > col(Concern.decide_by),
        )
        routed = or_(col(Concern.about_mentor), governors_only)
        paged = col(Concern.id).in_(_paged_to_me(col(Notification.concern_id)))
        urgent = col(Concern.immediacy) == Immediacy.now
        return and_(not_about_me, or_(urgent, breached, routed, paged))
    if role.family is Role.clinician:
        opened = glass_broken(col(Concern.subject_person_id))
        routed_here = or_(
            and_(~governors_only, or_(~col(Concern.about_mentor), opened)),
            col(Concern.kind).in_(["safeguarding", "coercion_of_mentor"]),
        )
        return and_(not_about_me, routed_here)
    return and_(not_about_me, ~governors_only)


def countable(role: Role) -> ColumnElement[bool]:
    """Concerns that go into somebody's figures: those they may read; of governors, who answer for
    the whole, all but those about themselves or a mentor of theirs. Into those of a machine or the
    command line, and so into what is published, only what is kept from nobody who works here."""
    if role in {Role.machine, Role.system}:
        return for_whoever_is_on_duty()
    return _not_about_me() if role is Role.governor else concerns(role)


def welfare_checks(role: Role) -> ColumnElement[bool]:
    """Those who look in on people; where it stands for nothing but a concern, only those who may
    know of that."""
    if role.family is not Role.support_worker:
        return false()
    known = select(literal(1)).where(
        col(Concern.prison_id) == bindparam("actor_prison"),
        col(Concern.id) == any_(col(WelfareCheck.concern_ids)),
        concerns(role),
    )
    return or_(
        col(WelfareCheck.open_acct),
        col(WelfareCheck.first_session),
        known.correlate(WelfareCheck).exists(),
    )


def for_whoever_is_on_duty() -> ColumnElement[bool]:
    """Concerns kept from nobody who works here: what may stand on a sheet for anybody on duty."""
    return and_(
        ~col(Concern.about_mentor),
        col(Concern.about_staff_id).is_(None),
        col(Concern.about_staff_as_told).is_(None),
        col(Concern.kind) != ConcernKind.security_matter,
    )


def for_any_governor() -> ColumnElement[bool]:
    """Of the others those kept from no governor: about neither of them nor of their mentors. Whom
    one means that was told of in words alone is not known, so it is for none."""
    governors = select(col(Staff.id)).where(
        col(Staff.prison_id) == col(Concern.prison_id), col(Staff.role) == StaffRole.governor
    )
    return and_(
        ~for_whoever_is_on_duty(),
        col(Concern.about_staff_as_told).is_(None),
        ~governors.where(
            col(Staff.id).in_([col(Concern.about_staff_id), col(Concern.about_line_id)])
        )
        .correlate(Concern)
        .exists(),
    )


def for_machines() -> ColumnElement[bool]:
    """Concerns that a machine may count: none about staff or mentors, none of security."""
    sensitive = [ConcernKind.security_matter, ConcernKind.coercion_of_mentor]
    return and_(
        ~col(Concern.about_mentor),
        col(Concern.about_staff_id).is_(None),
        col(Concern.about_staff_as_told).is_(None),
        col(Concern.kind).not_in(sensitive),
    )


def audit(role: Role) -> ColumnElement[bool]:
    """Governors see the prison's, other staff their own acts; nobody what is kept from them."""
    if role is Role.system:
        return true()
    if role.family not in {Role.support_worker, Role.clinician, Role.governor}:
        return false()
    here: BindParameter[Any] = bindparam("actor_prison")
    concerns = select(col(Concern.id)).where(
        col(Concern.prison_id) == here,
        or_(col(Concern.about_staff_id) == MY_STAFF, col(Concern.about_line_id) == MY_STAFF),
    )
    pages = select(col(Notification.id)).where(
        col(Notification.prison_id) == here, col(Notification.concern_id).in_(concerns)
    )
    tasks = select(col(Task.id)).where(
        col(Task.prison_id) == here, col(Task.thing_id).in_(concerns)
    )
    hidden = [concerns, pages, tasks]
    hidden += [complaints_about_me(), tasks_about_me(), pages_about_me()]
    if role is Role.governor:  # who has broken a glass before does not follow its review
        glass = select(col(BreakGlass.id)).where(
            col(BreakGlass.prison_id) == here, col(BreakGlass.staff_id) == MY_STAFF
        )
        of_answers = select(col(Task.id)).where(
            col(Task.prison_id) == here, col(Task.thing_noun) == TaskSource.questionnaires
        )
        hidden += [glass, of_answers]
    kept_from_me = func.array(union_all(*hidden).scalar_subquery())
    mine = col(AuditEntry.subject) == MY_SUBJECT
    # One's own refusals stay: their absence would tell a hidden thing from one that is not there.
    refused_me = and_(mine, col(AuditEntry.act) == AuditAct.refused)
    open_to_me = or_(~col(AuditEntry.ids).bool_op("&&")(kept_from_me), refused_me)
    return and_(open_to_me, true() if role is Role.governor else mine)


def pages(role: Role) -> ColumnElement[bool]:
    """One's own pages; not of a concern or a complaint found to be about oneself or a mentor of
    one's."""
    of_it = select(literal(1)).where(
        col(Concern.prison_id) == col(Notification.prison_id),
        col(Concern.id) == col(Notification.concern_id),
    )
    kept_from_me = of_it.where(~_not_about_me()).correlate(Notification).exists()
    of_a_complaint = col(Notification.id).in_(pages_about_me())
    return and_(col(Notification.staff_id) == MY_STAFF, ~kept_from_me, ~of_a_complaint)


def deliveries(role: Role) -> ColumnElement[bool]:
    """What became of one's own pages; codes that prove an address are told to nobody."""
    mine = select(col(Notification.id)).where(
        col(Notification.prison_id) == bindparam("actor_prison"), pages(role)
    )
    return col(Delivery.notification_id).in_(mine)


TASKS_OF: dict[Role, list[StaffRole]] = {
    Role.support_worker: [StaffRole.support_worker, StaffRole.wing_duty],
    Role.clinician: [StaffRole.clinician, StaffRole.nurse],
    Role.nurse: [StaffRole.clinician, StaffRole.nurse],
    Role.mental_health_lead: [
        StaffRole.clinician,
        StaffRole.nurse,
        StaffRole.mental_health_lead,
    ],
    Role.wing_duty: [StaffRole.wing_duty],
    Role.governor: [StaffRole.governor],
}
"""To whom the tasks for which roles fall. Governors, who oversee, see the others' too."""


def tasks(role: Role) -> ColumnElement[bool]:
    """Tasks for the role or the person, and those they were paged about; to governors all. Never
    one that came of a thing that is hidden from them, or of their own break-glass."""
    if role.family is Role.mentor:
        return false()
    source, thing = col(Task.thing_noun), col(Task.thing_id)
    readable = _not_about_me() if role is Role.governor else concerns(role)
    of_a_concern = and_(col(Concern.prison_id) == bindparam("actor_prison"), readable)
    of_another = and_(
        col(BreakGlass.prison_id) == bindparam("actor_prison"),
        col(BreakGlass.staff_id).is_distinct_from(MY_STAFF),
    )
    kept_from_nobody = and_(
        or_(
            source != TaskSource.concerns,
            thing.in_(select(col(Concern.id)).where(of_a_concern)),
        ),
        or_(
            source != TaskSource.break_glass,
            thing.in_(select(col(BreakGlass.id)).where(of_another)),
        ),
        or_(source != TaskSource.complaints, thing.in_(complaints_of(role))),
    )
    if role.family is not Role.clinician:  # what was answered is for clinicians alone
        kept_from_nobody = and_(kept_from_nobody, source != TaskSource.questionnaires)
    if role is Role.governor:
        return kept_from_nobody
    for_role = col(Task.for_role).in_(TASKS_OF.get(role, []))
    paged = col(Task.id).in_(_paged_to_me(col(Notification.task_id)))
    mine = or_(for_role, col(Task.for_staff_id) == MY_STAFF, paged)
    return and_(mine, kept_from_nobody)
