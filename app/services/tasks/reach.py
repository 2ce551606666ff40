"""Whom a task can be told to now: only those who may see it (`scope`)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.concern_scope import TASKS_OF
from app.models.break_glass import BreakGlass
from app.models.complaints import Complaint
from app.models.concerns import Concern
from app.models.duties import Post
from app.models.prisons import Prison
from app.models.staff import Role, Staff, StaffRole
from app.models.tasks import Task, TaskSource
from app.scope import everything
from app.services import duties
from app.services.complaints.routing import may_work as may_answer
from app.services.concerns.routing import may_work
from app.services.prisons import outside
from app.services.tasks.ladder import Reach

POSTS = {
    StaffRole.support_worker: Post.support_worker,
    StaffRole.wing_duty: Post.orderly_officer,
    StaffRole.clinician: Post.clinician,
    StaffRole.nurse: Post.clinician,
    StaffRole.mental_health_lead: Post.clinician,
    StaffRole.governor: Post.duty_governor,
}
Who = dict[Reach, tuple[UUID | str, ...]]


async def who(db: AsyncSession, task: Task, prison: Prison, now: datetime) -> Who:
    """Staff ids, and the address outside, of each reach; empty where there is no one."""
    active = everything(Staff, prison.id).where(col(Staff.active)).order_by(col(Staff.recorded_at))
    able = await who_may_know(db, task, (await db.execute(active)).scalars().all())
    on_duty = await duties.on_duty(db, prison.id, now)
    governors = governors_of(able, on_duty)
    ids = {staff.id for staff in able}
    named = [each for each in on_duty[Post.last_resort] if each in ids] or governors
    return {
        Reach.whose: tuple(_whose(task, able, on_duty)),
        Reach.duty_governor: tuple(governors),
        Reach.last_resort: tuple(named[:1]),
        Reach.last_resort_outside: tuple(filter(None, [outside(prison)])),
    }


def governors_of(able: Sequence[Staff], on_duty: dict[Post, list[UUID]]) -> list[UUID]:
    """The governors on duty; all of them when none is."""
    return _of_role(StaffRole.governor, able, on_duty)


async def who_may_know(db: AsyncSession, task: Task, everyone: Sequence[Staff]) -> list[Staff]:
    """Those from whom the thing it came from is not hidden: nobody is paged about themselves."""
    if task.thing_noun is TaskSource.concerns:
        found = everything(Concern, task.prison_id).where(col(Concern.id) == task.thing_id)
        concern = (await db.execute(found)).scalar_one()
        return [staff for staff in everyone if may_work(concern, staff.role, staff.id)]
    if task.thing_noun is TaskSource.complaints:
        told = everything(Complaint, task.prison_id).where(col(Complaint.id) == task.thing_id)
        complaint = (await db.execute(told)).scalar_one()
        return [each for each in everyone if may_answer(complaint, each.role, each.id)]
    if task.thing_noun is TaskSource.break_glass:
        theirs = everything(BreakGlass, task.prison_id).where(col(BreakGlass.id) == task.thing_id)
        user = (await db.execute(theirs)).scalar_one().staff_id
        knowing = {StaffRole.governor, task.for_role}
        return [staff for staff in everyone if staff.id != user and staff.role in knowing]
    if task.thing_noun is TaskSource.questionnaires:  # what was answered is for clinicians alone
        return [staff for staff in everyone if Role(staff.role.value).family is Role.clinician]
    return list(everyone)


def _whose(task: Task, able: Sequence[Staff], on_duty: dict[Post, list[UUID]]) -> list[UUID]:
    named = [staff.id for staff in able if staff.id == task.for_staff_id]
    if named or task.for_role is None:
        return named
    return _of_role(task.for_role, able, on_duty)


def _of_role(role: StaffRole, able: Sequence[Staff], on_duty: dict[Post, list[UUID]]) -> list[UUID]:
    """Those on duty to whom the role's tasks fall; when none is, everyone in the role."""
    theirs = {staff.id for staff in able if role in TASKS_OF[Role(staff.role.value)]}
    here = [each for each in on_duty[POSTS[role]] if each in theirs]
    return here or [staff.id for staff in able if staff.role is role]
