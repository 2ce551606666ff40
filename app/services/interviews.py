"""Interviews: a support worker and a clinician each record their own, once a round."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import InterviewNotYours, Invalid, NotInApplication
from app.models.base import Output
from app.models.interviews import Interview, InterviewCreate, Interviewer, InterviewPut
from app.models.mentors import Mentor, MentorStatus
from app.services import lifecycle, outbox, texts
from app.services.mentors.applying import began_at, undecided
from app.visibility import shape


async def record(db: AsyncSession, actor: Actor, body: InterviewCreate) -> Interview:
    """Record an interview of one's own. A second one by the same person in one round of the
    application, the first or the appeal's, is refused by the database."""
    mentor = await undecided(db, actor, body.mentor_id)
    if mentor.status is MentorStatus.draft:
        raise NotInApplication("Who has not handed in an application is not interviewed yet.")
    await _check_time(db, mentor, body.held_at)
    assert actor.staff_id is not None, "staff have a row"
    interview = Interview(
        prison_id=actor.prison_id,
        staff_id=actor.staff_id,
        interviewer=Interviewer(actor.family.value),
        on_appeal=await _on_appeal(db, mentor),
        **body.model_dump(),
    )
    db.add(interview)
    outbox.say(db, actor.prison_id, "interview.recorded", interview.id)
    await db.flush()
    await texts.keep_first(db, actor, interview, "notes")
    return interview


async def rewrite(db: AsyncSession, actor: Actor, interview: Interview, body: InterviewPut) -> None:
    """Put right one's own, before anybody decides by it. Raises InterviewNotYours."""
    if interview.staff_id != actor.staff_id:
        raise InterviewNotYours()
    mentor = await undecided(db, actor, interview.mentor_id)
    if interview.on_appeal is not await _on_appeal(db, mentor):
        raise NotInApplication("A governor has decided by this interview.")
    await _check_time(db, mentor, body.held_at)
    for name, value in body.model_dump(exclude={"disclosure"}).items():
        setattr(interview, name, value)
    interview.disclosure = body.disclosure or interview.disclosure
    outbox.say(db, interview.prison_id, "interview.rewritten", interview.id)
    await db.flush()
    await texts.keep(db, actor, interview, "notes")


async def _on_appeal(db: AsyncSession, mentor: Mentor) -> bool:
    moves = await lifecycle.history_of(db, mentor)
    return any(entry.to_state == MentorStatus.appealed for entry in moves)


async def _check_time(db: AsyncSession, mentor: Mentor, held_at: datetime) -> None:
    if not await began_at(db, mentor) <= held_at <= clock.now():
        message = "must not be in the future, nor before the application began"
        raise Invalid.field("held_at", "in_order", message)


def shown(interview: Interview, actor: Actor) -> Output:
    """The interview as this actor sees it: its notes are for those who care."""
    return shape("interviews", actor.role).model_validate(interview)
