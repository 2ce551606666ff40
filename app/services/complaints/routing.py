"""Whom a complaint must be kept from: it goes past the one it is about, and past their line."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.complaints import Complaint
from app.models.mentors import Mentor
from app.models.staff import Role, Staff, StaffRole
from app.scope import everything


def kept_from(complaint: Complaint, staff_id: UUID | None) -> bool:
    """Whether it is about this member of staff, or about a mentor who is or was theirs."""
    return staff_id is not None and staff_id in {
        complaint.about_staff_id,
        *complaint.about_line_ids,
    }


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
    """Note whom it is about and the mentor's line, with who was of it before if it is the same
    mentor. Who is not known here is noted as nobody."""
    named, line = complaint.about_mentor_id, complaint.about_line_ids
    complaint.about_mentor_id = complaint.about_staff_id = None
    complaint.about_line_ids = []
    if mentor_id is not None:
        found = everything(Mentor, complaint.prison_id).where(col(Mentor.id) == mentor_id)
        mentor = (await db.execute(found)).scalar_one_or_none()
        if mentor is not None:
            complaint.about_mentor_id = mentor.id
            complaint.about_line_ids = line if named == mentor.id else []
            await _add_line(db, complaint, mentor)
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


async def _add_line(db: AsyncSession, complaint: Complaint, mentor: Mentor) -> bool:
    """Note who supervises the person, as mentor then or now; answers whether that was news."""
    same = everything(Mentor, mentor.prison_id).where(col(Mentor.person_id) == mentor.person_id)
    theirs = same.where(col(Mentor.supervisor_id).is_not(None)).order_by(col(Mentor.id))
    rows = await db.execute(theirs.with_only_columns(col(Mentor.supervisor_id)))
    line = list(dict.fromkeys([*complaint.about_line_ids, *rows.scalars()]))
    changed = line != complaint.about_line_ids
    complaint.about_line_ids = line
    return changed


async def follow_supervisor(db: AsyncSession, mentor: Mentor) -> list[Complaint]:
    """The mentor was given another supervisor: what there is about the mentor, open or over, goes
    past them too from now on. Locked, those that changed."""
    await db.flush()
    same = everything(Mentor, mentor.prison_id).where(col(Mentor.person_id) == mentor.person_id)
    found = everything(Complaint, mentor.prison_id).where(
        col(Complaint.about_mentor_id).in_(same.with_only_columns(col(Mentor.id)))
    )
    rows = (await db.scalars(found.order_by(col(Complaint.id)).with_for_update())).all()
    return [each for each in rows if await _add_line(db, each, mentor)]


def _given(told: str | None, nobody: str, row_id: UUID) -> str:
    return f"{told or nobody} (given as {row_id})"
