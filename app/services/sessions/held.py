"""What took place without a plan: recorded as it was, never refused by a guard of plans."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import FieldError, Invalid, NotAllowed
from app.models.sessions import (
    ClashForMentor,
    ClashKind,
    ClashRead,
    ParticipationStatus,
    Session,
    SessionHeld,
    SessionKind,
    SessionStatus,
)
from app.models.staff import Role
from app.services import lifecycle, texts
from app.services.scheduling import clashes
from app.services.sessions import debriefs
from app.services.sessions.booking import part_of, shown_clashes
from app.services.sessions.facts import check_references, load_facts, plan_of
from app.services.sessions.moves import NOTE_OPEN_FOR, PARTICIPATION, SESSION

Warnings = list[ClashRead | ClashForMentor]


async def record_held(
    db: AsyncSession, actor: Actor, body: SessionHeld, *, authorised_by: UUID | None = None
) -> tuple[Session, Warnings]:
    """Record a walk-in, or a night call-out under the authority of the officer who records it, or
    of another who let it happen.

    What would have refused it as a plan is answered as warnings and kept in its history.
    """
    _check_past(body)
    night = body.kind is SessionKind.night_callout
    if night and actor.family is Role.mentor:
        raise NotAllowed("A night call-out is recorded by the officer who authorised it.")
    texts.check_choice(actor, body.disclosure)
    await check_references(db, actor, body)
    plan = plan_of(body)
    facts = await load_facts(db, actor.prison_id, plan, asker=actor.staff_id)
    found = [each for each in clashes(plan, facts) if each.kind is not ClashKind.in_the_past]
    session = Session(
        prison_id=actor.prison_id,
        status=SessionStatus.held,
        authorised_by=(authorised_by or actor.staff_id) if night else None,
        locks_at=clock.now() + NOTE_OPEN_FOR,
        **body.model_dump(exclude={"mentee_ids"}),
    )
    said = " ".join(clash.told(whole=False) for clash in found)  # who reads no kinds reads this
    note = f"Recorded in spite of: {said}" if found else None
    when = body.ends_at
    await lifecycle.begin(db, SESSION, session, actor, occurred_at=when, note=note)
    await debriefs.owe(db, session)
    for mentee_id in body.mentee_ids:
        part = part_of(session, mentee_id, ParticipationStatus.attended)
        await lifecycle.begin(db, PARTICIPATION, part, actor, occurred_at=when)
    if body.note is not None:
        session.noted_at = clock.now()
        await db.flush()
        await lifecycle.move(db, SESSION, session, to=SessionStatus.noted, actor=actor)
        await texts.keep_first(db, actor, session, "note")
    return session, shown_clashes(found, actor)


def _check_past(body: SessionHeld) -> None:
    """Raises Invalid, naming each time that has not come yet."""
    ahead = [name for name in ("starts_at", "ends_at") if getattr(body, name) > clock.now()]
    if ahead:
        message = "must not be in the future: this records what took place"
        mistakes = [FieldError(name, "in_the_future", message) for name in ahead]
        raise Invalid(f"{ahead[0]}: {message}.", errors=mistakes)
