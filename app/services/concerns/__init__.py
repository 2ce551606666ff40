"""Concerns: raising one always works (here); the work on it (`work.py`, `actions.py`), its life
(`moves.py`), its clocks (`clocks.py`) and the sweep that never forgets it (`sweep.py`)."""

import secrets
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid
from app.models.base import Output
from app.models.concerns import (
    ActionForGovernor,
    ActionRead,
    Addendum,
    AddendumRead,
    Concern,
    ConcernCreate,
    ConcernForGovernor,
    ConcernForWing,
    ConcernKind,
    ConcernRaised,
    ConcernRead,
    ConcernReceipt,
)
from app.models.mentors import MENTOR_ENDED, Mentor
from app.models.people import Person
from app.models.staff import Role, Staff
from app.scope import everything, visible
from app.services import lifecycle, outbox
from app.services.concerns.clocks import start_clocks
from app.services.concerns.moves import CONCERN, actions_of
from app.services.escalation import Immediacy

ABOUT_CONDUCT = {ConcernKind.misconduct, ConcernKind.harm_to_others, ConcernKind.security_matter}
TELL_NOW = "Tell an officer or press the cell bell NOW: this record is not the alarm."
TELL = "Saved. This record is not the alarm: if it gets worse, tell an officer."
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference() -> str:
    """A reference that tells nothing and can be read out over a radio."""
    return "C" + "".join(secrets.choice(_LETTERS) for _ in range(7))


async def raise_concern(
    db: AsyncSession, actor: Actor, body: ConcernCreate
) -> tuple[Concern, list[str]]:
    """Save a concern and start its clocks. Answers it with the warnings for who raised it.

    The answer is the same whether the person it is about is known here or not.
    """
    now = clock.now()
    warnings: list[str] = []
    subject_id, as_told = await _subject(db, actor, body)
    raiser = await _raiser(db, actor, body)
    immediacy = body.immediacy or Immediacy.this_session
    said = body.immediacy.value if body.immediacy else None
    if body.immediacy is Immediacy.routine and actor.family is Role.mentor:
        immediacy = Immediacy.within_24h
        warnings.append("Only staff set routine: kept as within_24h.")
    if body.handover is not None and body.handover.at > now:
        raise Invalid.field("handover.at", "in_the_future", "must not be in the future")
    if body.occurred_at is not None and body.occurred_at > now:
        raise Invalid.field("occurred_at", "in_the_future", "must not be in the future")
    concern = Concern(
        prison_id=actor.prison_id,
        reference=new_reference(),
        immediacy=immediacy,
        immediacy_as_said=said,
        subject_person_id=subject_id,
        subject_as_told=as_told,
        about_staff_id=await _colleague(db, actor, body.about_staff_id),
        about_mentor=await _about_mentor(db, actor.prison_id, subject_id, body.kind),
        mentions_self_harm=body.mentions_self_harm or body.kind is ConcernKind.self_harm_or_suicide,
        handed_over_to=body.handover.to if body.handover else None,
        handed_over_at=body.handover.at if body.handover else None,
        raised_by_subject=actor.subject,
        raised_by_role=actor.role if raiser == actor.person_id else Role.applicant,
        raised_by_person_id=raiser,
        recorded_by=actor.subject,
        occurred_at=body.occurred_at or now,
        **body.model_dump(include={"kind", "account", "needs", "protects", "told"}),
    )
    await start_clocks(db, concern, now)
    await lifecycle.begin(db, CONCERN, concern, actor)
    return concern, warnings


async def _subject(
    db: AsyncSession, actor: Actor, body: ConcernCreate
) -> tuple[UUID | None, str | None]:
    """Whom it is about: the person if known here, else what was said, so that staff resolve it."""
    if body.subject_person_id is None:
        return None, body.subject_as_told
    found = everything(Person, actor.prison_id).where(col(Person.id) == body.subject_person_id)
    if (await db.execute(found)).scalar_one_or_none() is not None:
        return body.subject_person_id, body.subject_as_told
    told = f"{body.subject_as_told or 'a person'} (given as {body.subject_person_id})"
    return None, told[:300]


async def _raiser(db: AsyncSession, actor: Actor, body: ConcernCreate) -> UUID | None:
    """The prisoner who raised it: the caller, or the one staff enter for."""
    if actor.family is Role.mentor or body.raised_by_person_id is None:
        return actor.person_id
    found = everything(Person, actor.prison_id).where(col(Person.id) == body.raised_by_person_id)
    if (await db.execute(found)).scalar_one_or_none() is None:
        raise Invalid.field("raised_by_person_id", "unknown", "there is no such person here")
    return body.raised_by_person_id


async def _colleague(db: AsyncSession, actor: Actor, staff_id: UUID | None) -> UUID | None:
    if staff_id is None:
        return None
    found = everything(Staff, actor.prison_id).where(col(Staff.id) == staff_id)
    if (await db.execute(found)).scalar_one_or_none() is None:
        raise Invalid.field("about_staff_id", "unknown", "there is no such colleague here")
    return staff_id


async def _about_mentor(
    db: AsyncSession, prison_id: str, subject_id: UUID | None, kind: ConcernKind
) -> bool:
    """Whether it is about a mentor's conduct, and so is routed past those it may touch."""
    if subject_id is None or kind not in ABOUT_CONDUCT:
        return False
    live = everything(Mentor, prison_id).where(
        col(Mentor.person_id) == subject_id, col(Mentor.status).not_in(MENTOR_ENDED)
    )
    return (await db.execute(live)).first() is not None


async def add_words(
    db: AsyncSession, actor: Actor, concern: Concern, account: str, as_sent: Any = None
) -> Addendum:
    """Keep more words with a concern; nothing said is overwritten."""
    addendum = Addendum(
        prison_id=concern.prison_id,
        concern_id=concern.id,
        account=account,
        said_by=actor.subject,
        as_sent=as_sent,
    )
    db.add(addendum)
    outbox.say(db, concern.prison_id, "concern.words_added", concern.id)
    await db.flush()
    return addendum


async def keep_reused(
    db: AsyncSession, actor: Actor, concern_id: UUID, body: ConcernCreate
) -> Concern:
    """Keep words sent under a key used before with the concern it belongs to."""
    found = everything(Concern, actor.prison_id).where(col(Concern.id) == concern_id)
    concern = (await db.execute(found.with_for_update())).scalar_one()
    await add_words(db, actor, concern, body.account, as_sent=body.model_dump(mode="json"))
    return concern


def receipt(concern: Concern, warnings: list[str]) -> ConcernRaised:
    """The answer to who raised it. For `now` without a handover it says to tell an officer."""
    urgent = concern.immediacy is Immediacy.now and concern.handed_over_at is None
    return ConcernRaised.model_validate(
        {
            **_received(concern),
            "tell": TELL_NOW if urgent else TELL,
            "warnings": warnings,
        }
    )


def _received(concern: Concern) -> dict[str, Any]:
    return {
        **concern.model_dump(),
        "received": concern.acknowledged_at is not None,
        "acted": concern.seen_at is not None or concern.decided_at is not None,
    }


async def shown(db: AsyncSession, concern: Concern, actor: Actor) -> Output:
    """The concern as this actor may see it, with what they may do next."""
    if actor.family is Role.mentor:
        return ConcernReceipt.model_validate(_received(concern))
    if actor.role is Role.wing_duty:
        return ConcernForWing.model_validate(concern)
    moves = await lifecycle.options(db, CONCERN, concern, actor)
    actions = await actions_of(db, concern)
    if actor.role is Role.governor:
        mine = [ActionForGovernor.model_validate(each) for each in actions]
        return ConcernForGovernor.model_validate(
            {**concern.model_dump(), "actions": mine, "moves": moves}
        )
    said = visible(Addendum, actor).where(col(Addendum.concern_id) == concern.id)
    addenda = (await db.execute(said.order_by(col(Addendum.recorded_at)))).scalars()
    return ConcernRead.model_validate(
        {
            **concern.model_dump(),
            "actions": [ActionRead.model_validate(each) for each in actions],
            "addenda": [AddendumRead.model_validate(each) for each in addenda],
            "moves": moves,
        }
    )
