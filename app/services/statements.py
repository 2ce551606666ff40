"""Statements: the applicant's own words, his to change until the application is handed in."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.errors import ApplicationSent
from app.models.base import Output
from app.models.mentors import Mentor, MentorStatus
from app.models.statements import Statement, StatementCreate, StatementPut
from app.services import outbox, texts
from app.services.mentors.applying import locked
from app.visibility import shape


async def write(db: AsyncSession, actor: Actor, body: StatementCreate) -> Statement:
    """Answer a prompt. Staff write for an applicant who cannot; a second answer to the same prompt
    is refused by the database."""
    texts.check_choice(actor, body.disclosure)
    _still_his(await locked(db, actor, body.mentor_id))
    statement = Statement(
        prison_id=actor.prison_id, recorded_by=actor.staff_id, **body.model_dump()
    )
    db.add(statement)
    outbox.say(db, actor.prison_id, "statement.written", statement.id)
    await db.flush()
    await texts.keep_first(db, actor, statement, "text")
    return statement


async def rewrite(db: AsyncSession, actor: Actor, statement: Statement, body: StatementPut) -> None:
    """Answer it anew; what was said before stays as a version."""
    texts.check_choice(actor, body.disclosure)
    _still_his(await locked(db, actor, statement.mentor_id))
    statement.text = body.text
    statement.disclosure = body.disclosure or statement.disclosure
    statement.recorded_by = actor.staff_id
    outbox.say(db, statement.prison_id, "statement.rewritten", statement.id)
    await db.flush()
    await texts.keep(db, actor, statement, "text")


def _still_his(mentor: Mentor) -> None:
    if mentor.status is not MentorStatus.draft:
        raise ApplicationSent()


def shown(statement: Statement, actor: Actor) -> Output:
    """The statement as this actor sees it."""
    return shape("statements", actor.role).model_validate(statement)
