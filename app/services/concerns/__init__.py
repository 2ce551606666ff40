"""Concerns: raising one always works (here); the work on it (`work.py`, `actions.py`), its life
(`moves.py`), whom and what it turned out to be (`identity.py`), who has it after them
(`leaving.py`), its clocks (`clocks.py`) and the sweep that never forgets it (`sweep.py`)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, prisoner_role, the_system
from app.errors import Invalid
from app.models.base import Disclosure, Output
from app.models.concerns import (
    CONCERN_OPEN,
    Addendum,
    Concern,
    ConcernCreate,
    ConcernKind,
    ConcernRaised,
    ConcernReceipt,
    ConcernStatus,
    FeedbackOutcome,
)
from app.models.mentors import MENTOR_ENDED, Mentor
from app.models.people import Person
from app.models.staff import Role, Staff
from app.rights import Permission
from app.scope import everything, visible
from app.services import lifecycle, outbox, references, texts
from app.services.concerns import debriefs
from app.services.concerns.clocks import start_clocks
from app.services.concerns.moves import CONCERN, actions_of
from app.services.concerns.routing import READ_BY_THE_WING, kept_from, route
from app.services.escalation import WHEN_MISSING, Immediacy, strictest
from app.visibility import shape

TELL_NOW = "Tell an officer or press the cell bell NOW: this record is not the alarm."
TELL = "Saved. This record is not the alarm: if it gets worse, tell an officer."
CLOCKS_DIFFER = timedelta(minutes=5)


async def raise_concern(
    db: AsyncSession, actor: Actor, body: ConcernCreate, *, as_said: str | None = None
) -> tuple[Concern, list[str]]:
    """Save a concern and start its clocks. Answers it with the warnings for who raised it.

    The answer is the same whether the person it is about is known here or not. `as_said`: how soon
    in words that are none of the service's, from paper.
    """
    now = clock.now()
    warnings: list[str] = []
    subject_id, as_told = await _subject(db, actor, body)
    staff_id, staff_as_told = await _colleague(db, actor, body)
    raiser = await _raiser(db, actor, body)
    by_proxy = raiser != actor.person_id
    immediacy = body.immediacy.means if body.immediacy else WHEN_MISSING
    if immediacy is Immediacy.routine and actor.family is Role.mentor:
        immediacy = Immediacy.within_24h
        warnings.append("Only staff set routine: kept as within_24h.")
    disclosure = _choice(actor, body.disclosure)
    if disclosure is not body.disclosure:
        warnings.append("Only staff choose that disclosure: kept as third_party.")
    handed_over_at = _happened(body.handover.at, now, "handover.at") if body.handover else None
    concern = Concern(
        prison_id=actor.prison_id,
        reference=references.new("C"),
        immediacy=immediacy,
        immediacy_as_said=_how_soon(body, as_said),
        subject_person_id=subject_id,
        subject_as_told=as_told,
        about_staff_id=staff_id,
        about_staff_as_told=staff_as_told,
        mentions_self_harm=_self_harm(body),
        handed_over_to=body.handover.to if body.handover else None,
        handed_over_at=handed_over_at,
        raised_by_subject=None if by_proxy else actor.subject,
        raised_by_role=await _role_of(db, actor, raiser) if by_proxy else actor.role,
        raised_by_person_id=raiser,
        recorded_by=actor.subject,
        occurred_at=_happened(body.occurred_at or now, now, "occurred_at"),
        disclosure=disclosure,
        **body.model_dump(include={"kind", "account", "needs", "protects", "told"}),
    )
    await route(db, concern)
    await start_clocks(db, concern, now)
    await lifecycle.begin(db, CONCERN, concern, actor)
    await debriefs.owe(db, concern)
    return concern, warnings


def _self_harm(body: ConcernCreate) -> bool:
    return body.mentions_self_harm or body.kind is ConcernKind.self_harm_or_suicide


def _how_soon(body: ConcernCreate, as_said: str | None = None) -> str | None:
    """How soon, in the words it was said in."""
    return as_said or (body.immediacy and body.immediacy.value)


def _choice(actor: Actor, said: Disclosure) -> Disclosure:
    """What was chosen; of a prisoner's the strictest that is theirs to choose, and no refusal."""
    return said if texts.may_choose(actor, said) else Disclosure.third_party


async def _subject(
    db: AsyncSession, actor: Actor, body: ConcernCreate
) -> tuple[UUID | None, str | None]:
    """Whom it is about: the person if known here, else what was said, so that staff resolve it.

    A prisoner's receipt shows what was said: the same words, whether the person is known or not.
    """
    if body.subject_person_id is None:
        return None, body.subject_as_told or body.about_staff_as_told or "a member of staff"
    found = everything(Person, actor.prison_id).where(col(Person.id) == body.subject_person_id)
    person = (await db.execute(found)).scalar_one_or_none()
    known = None if person is None else person.merged_into or person.id
    if known is not None and actor.family is not Role.mentor:
        return known, body.subject_as_told
    return known, f"{body.subject_as_told or 'a person'} (given as {body.subject_person_id})"


async def _raiser(db: AsyncSession, actor: Actor, body: ConcernCreate) -> UUID | None:
    """The prisoner who raised it: the caller, or the one staff enter for."""
    if actor.family is Role.mentor or body.raised_by_person_id is None:
        return actor.person_id
    found = everything(Person, actor.prison_id).where(col(Person.id) == body.raised_by_person_id)
    person = (await db.execute(found)).scalar_one_or_none()
    if person is None:
        raise Invalid.field("raised_by_person_id", "unknown", "there is no such person here")
    return person.merged_into or person.id


async def _role_of(db: AsyncSession, actor: Actor, person_id: UUID | None) -> Role:
    """What the prisoner is whom staff enter for: a mentor, or none (yet)."""
    live = everything(Mentor, actor.prison_id).where(
        col(Mentor.person_id) == person_id, col(Mentor.status).not_in(MENTOR_ENDED)
    )
    mentor = (await db.execute(live)).scalars().first()
    return prisoner_role(mentor.status if mentor else None)


async def _colleague(
    db: AsyncSession, actor: Actor, body: ConcernCreate
) -> tuple[UUID | None, str | None]:
    """The colleague it is about: like the subject known here or as told, and never a refusal."""
    if body.about_staff_id is None:
        return None, body.about_staff_as_told
    found = everything(Staff, actor.prison_id).where(col(Staff.id) == body.about_staff_id)
    if (await db.execute(found)).scalar_one_or_none() is not None:
        return body.about_staff_id, body.about_staff_as_told
    return None, f"{body.about_staff_as_told or 'a colleague'} (given as {body.about_staff_id})"


def _happened(at: datetime, now: datetime, name: str) -> datetime:
    """When something happened. A device's clock that runs a little ahead refuses no concern."""
    if at > now + CLOCKS_DIFFER:
        raise Invalid.field(name, "in_the_future", "must not be in the future")
    return min(at, now)


async def add_words(
    db: AsyncSession,
    actor: Actor,
    concern: Concern,
    account: str,
    disclosure: Disclosure = Disclosure.ordinary,
    as_sent: Any = None,
) -> Addendum:
    """Keep more words with a concern; nothing said is overwritten. Words of those who review none,
    and words sent under a key used before, page someone: the next step is due at once, and a closed
    concern is opened again."""
    addendum = Addendum(
        prison_id=concern.prison_id,
        concern_id=concern.id,
        account=account,
        disclosure=_choice(actor, disclosure),
        said_by=actor.subject,
        as_sent=as_sent,
    )
    db.add(addendum)
    outbox.say(db, concern.prison_id, "concern.words_added", concern.id)
    if as_sent is not None or not actor.allowed(Permission.concern_review):
        await _call_back_to(db, concern)
    await db.flush()
    return addendum


async def _call_back_to(db: AsyncSession, concern: Concern) -> None:
    """Let the sweeper page someone about the concern now, or about the one it was merged into."""
    while concern.merged_into is not None:
        found = everything(Concern, concern.prison_id).where(col(Concern.id) == concern.merged_into)
        concern = (await db.execute(found.with_for_update())).scalar_one()
    if concern.status is ConcernStatus.closed:
        system = the_system(concern.prison_id)
        to, reason = ConcernStatus.reopened, "new_information"
        await lifecycle.move(db, CONCERN, concern, to=to, actor=system, reason=reason)
    concern.next_step_at = clock.now()


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of words sent under a key used before."""

    concern: Concern
    how: Literal["saved", "saved_before", "words_added"]
    warnings: list[str]


async def keep_reused(
    db: AsyncSession,
    actor: Actor,
    thing_id: UUID,
    body: ConcernCreate,
    *,
    as_said: str | None = None,
) -> Kept:
    """Keep what was sent under a key used before: more words with the concern it belongs to, or a
    concern of its own where they would find nobody's eye there. Nothing new adds nothing.

    It is a concern of its own when the key belongs to something else or to a concern that another
    recorded (whoever added words to it may read less than its receipt says), the concern is closed
    or by now kept from them, or this one is about somebody else, for other readers or more urgent.
    """
    found = everything(Concern, actor.prison_id).where(col(Concern.id) == thing_id)
    concern = (await db.execute(found.with_for_update())).scalar_one_or_none()
    if (
        concern is None
        or concern.recorded_by != actor.subject
        or kept_from(concern, actor.staff_id)
        or not await _same_matter(db, actor, concern, body)
    ):
        concern, warnings = await raise_concern(db, actor, body, as_said=as_said)
        told = "The key was used before: this was kept as a new concern."
        return Kept(concern, "saved", [*warnings, told])
    as_sent = body.model_dump(mode="json") | {"immediacy": _how_soon(body, as_said)}
    if await _said_before(db, concern, body, as_sent):
        return Kept(concern, "saved_before", ["It was saved before: nothing was added."])
    concern.mentions_self_harm |= _self_harm(body)
    await add_words(db, actor, concern, body.account, body.disclosure, as_sent)
    told = "The key was used before: your words were added to that concern."
    return Kept(concern, "words_added", [told])


async def _said_before(
    db: AsyncSession, concern: Concern, body: ConcernCreate, as_sent: dict[str, Any]
) -> bool:
    """Whether the concern, or what was added to it, says all of this already."""
    same = ("kind", "account", "needs", "protects", "told")
    first = all(getattr(concern, name) == as_sent[name] for name in same)
    self_harm = concern.mentions_self_harm or not body.mentions_self_harm
    soon = concern.immediacy_as_said == as_sent["immediacy"]
    if first and self_harm and soon and body.handover is None:
        return True
    added = everything(Addendum, concern.prison_id).where(col(Addendum.concern_id) == concern.id)
    return any(each.as_sent == as_sent for each in await db.scalars(added))


async def _same_matter(
    db: AsyncSession, actor: Actor, concern: Concern, body: ConcernCreate
) -> bool:
    """Whether the words belong to this concern: open, about the same, for the same readers, and no
    more urgent."""
    said = (*await _subject(db, actor, body), *await _colleague(db, actor, body))
    known = (concern.subject_person_id, concern.subject_as_told)
    same = said == (*known, concern.about_staff_id, concern.about_staff_as_told)
    urgency = body.immediacy.means if body.immediacy else WHEN_MISSING
    no_more_urgent = strictest(concern.immediacy, urgency) is concern.immediacy
    readers = body.kind is concern.kind or {body.kind, concern.kind} <= READ_BY_THE_WING
    return same and readers and no_more_urgent and concern.status in CONCERN_OPEN


def receipt(concern: Concern, warnings: list[str]) -> ConcernRaised:
    """The answer to who raised it. For `now` without a handover it says to tell an officer."""
    urgent = concern.immediacy is Immediacy.now and concern.handed_over_at is None
    return ConcernRaised.model_validate(
        {
            **_received(concern),
            **_told_back(concern),
            "tell": TELL_NOW if urgent else TELL,
            "warnings": warnings,
        }
    )


def _received(concern: Concern) -> dict[str, Any]:
    return {
        **concern.model_dump(),
        "received": concern.acknowledged_at is not None or concern.merged_into is not None,
        "seen": concern.seen_at is not None,
        "acted": concern.seen_at is not None or concern.decided_at is not None,
    }


def _told_back(concern: Concern) -> dict[str, Any]:
    """What whoever raised it is told; why they cannot be told is not for them."""
    impossible = concern.feedback is FeedbackOutcome.impossible
    return {"feedback": None, "feedback_text": None} if impossible else {}


async def shown(db: AsyncSession, concern: Concern, actor: Actor) -> Output:
    """The concern as this actor may see it, with what they may do next. Governors see all of
    those that they review: about a mentor or about staff."""
    found = shape("concerns.reviewed" if concern.routed else "concerns", actor.role)
    fields = _received(concern)
    if issubclass(found, ConcernReceipt):
        fields |= _told_back(concern)
    if "actions" in found.model_fields:
        said = visible(Addendum, actor).where(col(Addendum.concern_id) == concern.id)
        addenda = await db.execute(said.order_by(col(Addendum.recorded_at)))
        fields["addenda"] = list(addenda.scalars())
        fields["actions"] = await actions_of(db, concern)
    if "moves" in found.model_fields:
        fields["moves"] = await lifecycle.options(db, CONCERN, concern, actor)
    return found.model_validate(fields)


async def history_shown(db: AsyncSession, concern: Concern, actor: Actor) -> list[Output]:
    """Everything that happened to the concern; what was written of it only to its reviewers."""
    resource = "concerns.history.reviewed" if concern.routed else "concerns.history"
    return await lifecycle.history_shown(db, concern, actor, resource)
