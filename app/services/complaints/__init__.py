"""Complaints: raising one (here), whom it is kept from (`routing.py`), its life (`moves.py`), its
clock (`clocks.py`), and the work on it (here)."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import Conflicting, Invalid, NotAllowed, NotFound
from app.models.base import Output
from app.models.complaints import (
    COMPLAINT_OPEN,
    AboutPut,
    AnswerCreate,
    AssignmentCreate,
    Complaint,
    ComplaintCreate,
    ComplaintStatus,
)
from app.models.mentors import Mentor
from app.models.people import Person
from app.models.staff import Role, Staff
from app.models.tasks import TaskKind
from app.scope import everything, referred
from app.services import lifecycle, references, tasks, texts
from app.services.complaints import routing
from app.services.complaints.clocks import answer_due, due_from_now, start_clock
from app.services.complaints.moves import COMPLAINT
from app.services.complaints.routing import as_told, falls_to, may_work, route
from app.visibility import shape

S = ComplaintStatus
TEXTS = ("account", "wanted")


async def raise_complaint(db: AsyncSession, actor: Actor, body: ComplaintCreate) -> Complaint:
    """Take a complaint, route it, and start its clock: from the recording on, however late it is
    entered. NotFound for a prisoner who complains in another's name."""
    texts.check_choice(actor, body.disclosure)
    now = clock.now()
    if body.occurred_at is not None and body.occurred_at > now:
        raise Invalid.field("occurred_at", "in_the_future", "must not be in the future")
    raiser = await _raiser(db, actor, body)
    named = (body.about_mentor_id, body.about_staff_id)
    complaint = Complaint(
        prison_id=actor.prison_id,
        reference=references.new("K"),
        raised_by_person_id=raiser,
        recorded_by=actor.subject,
        occurred_at=body.occurred_at or now,
        due_at=await due_from_now(db, actor.prison_id),
        disclosure=body.disclosure,
        about_as_told=as_told(body.about_as_told, *named),
        **body.model_dump(include={"about", "account", "wanted"}),
    )
    await route(db, complaint, *named)
    when = complaint.occurred_at
    await lifecycle.begin(db, COMPLAINT, complaint, actor, occurred_at=when)
    await texts.keep_first(db, actor, complaint, *TEXTS)
    await start_clock(db, complaint)
    return complaint


async def _raiser(db: AsyncSession, actor: Actor, body: ComplaintCreate) -> UUID:
    """Whose complaint it is: the prisoner's who makes it, or the one staff enter for."""
    named = body.raised_by_person_id
    if actor.family is Role.mentor:
        assert actor.person_id is not None, "a prisoner is a person"
        if named not in (None, actor.person_id):
            raise NotFound()
        return actor.person_id
    if named is None:
        raise Invalid.field("raised_by_person_id", "missing", "say whose complaint it is")
    return (await referred(db, Person, actor.prison_id, named, "raised_by_person_id")).id


async def assign(
    db: AsyncSession, actor: Actor, complaint: Complaint, body: AssignmentCreate
) -> None:
    """Give it to somebody who may see it, to be answered; or to another, while it is not."""
    found = everything(Staff, actor.prison_id).where(col(Staff.id) == body.staff_id)
    staff = (await db.execute(found)).scalar_one_or_none()
    if staff is None or not staff.active or not may_work(complaint, staff.role, staff.id):
        message = "is not one to whom this complaint can be given"
        raise Invalid.field("staff_id", "not_theirs", message)
    again = complaint.status is S.assigned
    if not again and complaint.status not in {S.received, S.reopened}:
        raise Conflicting("It is answered, or it was withdrawn.")
    complaint.assigned_to = staff.id
    if again:
        await lifecycle.mark(db, COMPLAINT, complaint, actor, "assigned_anew")
    else:
        await lifecycle.move(db, COMPLAINT, complaint, to=S.assigned, actor=actor)
    await _hand_on(db, actor, complaint)


async def _hand_on(db: AsyncSession, actor: Actor, complaint: Complaint) -> None:
    await tasks.hand_to(
        db,
        complaint,
        TaskKind.complaint_due,
        actor,
        for_role=falls_to(complaint),
        for_staff_id=complaint.assigned_to,
    )


async def answer(db: AsyncSession, actor: Actor, complaint: Complaint, body: AnswerCreate) -> None:
    """Answer it; what was answered before it was reopened stays as a version."""
    complaint.disclosure = complaint.disclosure.stricter(body.disclosure)
    complaint.answer = body.answer
    complaint.answered_at = body.occurred_at or clock.now()
    complaint.answered_by = actor.subject
    when = body.occurred_at
    await lifecycle.move(db, COMPLAINT, complaint, to=S.answered, actor=actor, occurred_at=when)
    await texts.keep(db, actor, complaint, "answer")


async def say_whom(db: AsyncSession, actor: Actor, complaint: Complaint, body: AboutPut) -> None:
    """Say whom it is about, as it turned out. From then on it goes past them; whoever has it and
    may no longer see it has it no more. Raises Invalid for who is not known here, and NotAllowed
    for who is no governor and names another than was named: it would come to their line."""
    said = (body.about_mentor_id, body.about_staff_id)
    named = (complaint.about_mentor_id, complaint.about_staff_id)
    another = any(old not in (None, new) for old, new in zip(named, said, strict=True))
    if another and actor.role is not Role.governor:
        raise NotAllowed("It names somebody already: a governor says that it is another.")
    complaint.about = body.about
    await route(db, complaint, *said)
    for name, given in zip(("about_mentor_id", "about_staff_id"), said, strict=True):
        if getattr(complaint, name) != given:
            raise Invalid.field(name, "unknown", "is nobody here")
    await _routed(db, actor, complaint)


async def _routed(db: AsyncSession, actor: Actor, complaint: Complaint) -> None:
    """Whoever has it and may no longer see it has it no more."""
    if complaint.assigned_to is not None:
        found = everything(Staff, complaint.prison_id).where(col(Staff.id) == complaint.assigned_to)
        staff = (await db.execute(found)).scalar_one()
        if not may_work(complaint, staff.role, staff.id):
            complaint.assigned_to = None
    await lifecycle.mark(db, COMPLAINT, complaint, actor, "routed")
    await _hand_on(db, actor, complaint)


async def follow_supervisor(db: AsyncSession, mentor: Mentor) -> None:
    """The mentor was given another supervisor: neither they nor who was it before see what there
    is about the mentor."""
    for complaint in await routing.follow_supervisor(db, mentor):
        if complaint.status in COMPLAINT_OPEN:
            await _routed(db, the_system(mentor.prison_id), complaint)


def receipt(complaint: Complaint, actor: Actor) -> Output:
    """That it arrived: the same for everybody, whether they may see it or not."""
    return shape("complaints.raised", actor.role).model_validate(complaint)


async def shown(db: AsyncSession, complaint: Complaint, actor: Actor) -> Output:
    """The complaint as this actor sees it, with what they may do next."""
    moves = await lifecycle.options(db, COMPLAINT, complaint, actor)
    fields = {**complaint.model_dump(), "moves": moves}
    return shape("complaints", actor.role).model_validate(fields)


async def about_shown(db: AsyncSession, complaint: Complaint, actor: Actor) -> Output:
    """After it was said whom it is about: a receipt to who may see it no more."""
    assert actor.staff_id is not None, "staff alone say so"
    if may_work(complaint, actor.role, actor.staff_id):
        return await shown(db, complaint, actor)
    return receipt(complaint, actor)


__all__ = [
    "COMPLAINT",
    "about_shown",
    "answer",
    "answer_due",
    "assign",
    "follow_supervisor",
    "may_work",
    "raise_complaint",
    "receipt",
    "say_whom",
    "shown",
]
