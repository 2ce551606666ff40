"""Whom a complaint must be kept from: it goes past the one it is about, and past their line."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.complaints import COMPLAINT_OPEN, Complaint
from app.models.mentors import Mentor
from app.models.staff import Role, Staff, StaffRole
from app.scope import everything

LONGEST_LINE = 300


def kept_from(complaint: Complaint, staff_id: UUID | None) -> bool:
    """Whether it is about this member of staff, or about a mentor of theirs."""
    return staff_id is not None and staff_id in {complaint.about_staff_id, complaint.about_line_id}


def may_work(complaint: Complaint, role: StaffRole | Role, staff_id: UUID) -> bool:
    """Whether someone may see this complaint, and so answer it and be paged about it (see
    `support_scope`)."""
    found = Role(role.value)
    if kept_from(complaint, staff_id) or found is Role.wing_duty:
        return False
    return found is Role.governor or not complaint.governors_only


def falls_to(complaint: Complaint) -> StaffRole:
    """To whom its task falls, as long as nobody is assigned."""
    return StaffRole.governor if complaint.governors_only else StaffRole.support_worker


async def route(
    db: AsyncSession, complaint: Complaint, mentor_id: UUID | None, staff_id: UUID | None
) -> None:
    """Note whom it is about and the supervisor of the mentor. Who is not known here is noted as
    nobody."""
    complaint.about_mentor_id = complaint.about_staff_id = complaint.about_line_id = None
    if mentor_id is not None:
        found = everything(Mentor, complaint.prison_id).where(col(Mentor.id) == mentor_id)
        mentor = (await db.execute(found)).scalar_one_or_none()
        if mentor is not None:
            complaint.about_mentor_id, complaint.about_line_id = mentor.id, mentor.supervisor_id
    if staff_id is not None:
        known = everything(Staff, complaint.prison_id).where(col(Staff.id) == staff_id)
        staff = (await db.execute(known)).scalar_one_or_none()
        complaint.about_staff_id = staff.id if staff else None


def as_told(told: str | None, mentor_id: UUID | None, staff_id: UUID | None) -> str | None:
    """Whom it is about in words, with the ids that were given, whether they are known here or not:
    whoever complains reads it, and governors say who it is."""
    for nobody, row_id in (("a mentor", mentor_id), ("a member of staff", staff_id)):
        told = _given(told, nobody, row_id) if row_id is not None else told
    return told


async def follow_supervisor(db: AsyncSession, mentor: Mentor) -> list[Complaint]:
    """The mentor was given another supervisor: what is open about the mentor goes past them from
    now on. Locked, those that changed."""
    found = everything(Complaint, mentor.prison_id).where(
        col(Complaint.about_mentor_id) == mentor.id,
        col(Complaint.status).in_(COMPLAINT_OPEN),
        col(Complaint.about_line_id).is_distinct_from(mentor.supervisor_id),
    )
    rows = (await db.scalars(found.order_by(col(Complaint.id)).with_for_update())).all()
    for complaint in rows:
        complaint.about_line_id = mentor.supervisor_id
    return list(rows)


def _given(told: str | None, nobody: str, row_id: UUID) -> str:
    given = f" (given as {row_id})"
    return (told or nobody)[: LONGEST_LINE - len(given)] + given
