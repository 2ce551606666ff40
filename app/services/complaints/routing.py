"""Whom a complaint must be kept from: it goes past the one it is about, and past their line."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.complaints import Complaint
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
    """Note whom it is about and the supervisor of the mentor. Who is not known here is kept as it
    was told: the answer is the same, and governors say who it is."""
    told = complaint.about_as_told
    complaint.about_mentor_id = complaint.about_staff_id = complaint.about_line_id = None
    if mentor_id is not None:
        found = everything(Mentor, complaint.prison_id).where(col(Mentor.id) == mentor_id)
        mentor = (await db.execute(found)).scalar_one_or_none()
        if mentor is not None:
            complaint.about_mentor_id, complaint.about_line_id = mentor.id, mentor.supervisor_id
        else:
            told = _given(told, "a mentor", mentor_id)
    if staff_id is not None:
        known = everything(Staff, complaint.prison_id).where(col(Staff.id) == staff_id)
        staff = (await db.execute(known)).scalar_one_or_none()
        complaint.about_staff_id = staff.id if staff else None
        told = told if staff else _given(told, "a member of staff", staff_id)
    complaint.about_as_told = told


def _given(told: str | None, nobody: str, row_id: UUID) -> str:
    given = f" (given as {row_id})"
    return (told or nobody)[: LONGEST_LINE - len(given)] + given
