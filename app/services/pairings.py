"""Pairings: which mentor supports which mentee."""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.errors import FieldError, GuardsUnmet, NotPairable
from app.models.base import Output
from app.models.matching import MatchBar
from app.models.mentees import Mentee
from app.models.mentors import Mentor, MentorStatus
from app.models.pairings import (
    Pairing,
    PairingCreate,
    PairingStatus,
)
from app.models.people import Person, Presence
from app.models.staff import Role
from app.models.tasks import TaskKind
from app.rights import Permission
from app.scope import everything, referred
from app.services import lifecycle, match_facts, tasks
from app.services.lifecycle import Context, Guard, Lifecycle, Move, Refusal
from app.services.match_facts import PAIRABLE
from app.services.supervisions import plans as supervision
from app.visibility import shape

S = PairingStatus
SW, C = Role.support_worker, Role.clinician
END_REASONS = (
    "goals_met",
    "mentee_wish",
    "mentor_wish",
    "mentor_left",
    "reassigned",
    "support_ended",
    "other",
)
# What is not seen on their own rows: the side it is said of, and the words. "Check with staff" is
# one word for all that may not be told.
APART = {
    MatchBar.check_with_staff: ("mentee_id", "check with staff: not these two now"),
    MatchBar.knows_each_other: ("mentee_id", "the two know each other"),
    MatchBar.mentor_full: ("mentor_id", "the mentor has no free place"),
    MatchBar.no_one_to_one: ("mentor_id", "the mentor works in groups only"),
    MatchBar.own_wing_only: ("mentor_id", "the mentor works on their own wing only"),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides of a pairing, and what is between them: what the rules decide on."""

    mentor: Mentor
    mentors_person: Person
    mentee: Mentee
    mentees_person: Person
    supervision_owed_since: date | None = None
    apart: frozenset[MatchBar] = frozenset()


def unpairable(pair: Pair) -> list[FieldError]:
    """Why these two cannot be brought together now; empty when they can."""
    found = []
    if pair.mentor.status is not MentorStatus.active:
        message = f"the mentor is {pair.mentor.status}, not active"
        found.append(FieldError("mentor_id", "mentor_not_active", message))
    if pair.mentee.status not in PAIRABLE:
        message = f"a mentee who is {pair.mentee.status} is not given a mentor"
        found.append(FieldError("mentee_id", "mentee_not_accepted", message))
    if pair.mentor.person_id == pair.mentee.person_id:
        message = "nobody is their own mentor"
        found.append(FieldError("mentee_id", "same_person", message))
    if pair.mentors_person.presence is not Presence.here:
        message = "the mentor is not in this prison now"
        found.append(FieldError("mentor_id", "mentor_not_here", message))
    if pair.supervision_owed_since is not None:
        message = (
            f"the mentor's supervision was due on {pair.supervision_owed_since}: hold it first"
        )
        found.append(FieldError("mentor_id", "supervision_overdue", message))
    if pair.mentees_person.presence is not Presence.here:
        message = "the mentee is not in this prison now"
        found.append(FieldError("mentee_id", "mentee_not_here", message))
    for bar, (side, message) in APART.items():
        if bar in pair.apart:
            found.append(FieldError(side, bar.value, message))
    return found


def _unless(code: str) -> Guard:
    """The rule `code` of `unpairable` as a guard of coming back to life."""

    def rule(context: Context) -> Refusal | None:
        for error in unpairable(context.facts):
            if error.code == code:
                return Refusal(code, f"{error.message[0].upper()}{error.message[1:]}.")
        return None

    rule.__name__ = code
    return rule


async def note_end(db: AsyncSession, context: Context) -> None:
    context.thing.ended_at = context.now


async def load_pair(
    db: AsyncSession, pairing: Pairing | PairingCreate, prison_id: str, *, hold: bool = False
) -> Pair:
    """Both sides; with `hold` both stay as they are until the commit, the mentor held first.

    Raises Invalid, naming the field, for an unknown id.
    """
    mentor = await referred(db, Mentor, prison_id, pairing.mentor_id, "mentor_id")
    if hold:
        await hold_places(db, mentor)
    mentee = await referred(db, Mentee, prison_id, pairing.mentee_id, "mentee_id")
    if hold:
        await db.refresh(mentee, with_for_update={"read": True})
    return Pair(
        mentor,
        await referred(db, Person, prison_id, mentor.person_id, "mentor_id"),
        mentee,
        await referred(db, Person, prison_id, mentee.person_id, "mentee_id"),
        (await supervision.owing(db, prison_id, [mentor.id])).get(mentor.id),
    )


async def hold_places(db: AsyncSession, mentor: Mentor) -> None:
    """One at a time gives away a mentor's places; nobody else's rows wait for it."""
    await db.refresh(mentor, with_for_update={"key_share": True})


async def with_what_is_between(
    db: AsyncSession, pair: Pair, pairing: Pairing | None = None, *, reports: bool | None = None
) -> Pair:
    """The pair with what keeps the two apart; `pairing` takes no place of the mentor's. `reports`
    as in `match_facts.bars_of`."""
    besides = pairing.id if pairing is not None else None
    mentor, mentee = pair.mentor, pair.mentee
    bars = await match_facts.bars_of(db, mentor, mentee, besides=besides, reports=reports)
    return replace(pair, apart=bars)


async def _load_facts(db: AsyncSession, pairing: Pairing) -> Pair | None:
    """Only coming back to life is guarded; flagging and ending in numbers load nothing. The moves
    are shown to whoever reads the pairing, the mentor's supervisor too: that one of the two has
    reported the other is not among what stands in their way, and is looked at in `hold_mentor`."""
    if pairing.status is not PairingStatus.to_reassign:
        return None
    both = await load_pair(db, pairing, pairing.prison_id)
    return await with_what_is_between(db, both, pairing, reports=False)


async def hold_mentor(db: AsyncSession, context: Context) -> None:
    """A suspension in the same instant waits for us, or we for it: no pairing comes alive with a
    mentor who has just left, or has just been given their last mentee. The mentee needs no hold:
    their end ends what it finds, live or not. Raises GuardsUnmet."""
    pairing, both = context.thing, context.facts
    await hold_places(db, both.mentor)
    both = await with_what_is_between(db, both, pairing)
    for error in unpairable(both):
        if error.code == "mentor_not_active" or error.code in APART:
            raise GuardsUnmet(error.message, errors=[FieldError("to", error.code, error.message)])


async def finish_reassignment(db: AsyncSession, context: Context) -> None:
    """The task to find others for a mentor's mentees ends with the last of them.

    The task is locked before they are counted: of two ended at once, the second sees the first.
    """
    pairing: Pairing = context.thing
    theirs = everything(Mentor, pairing.prison_id).where(col(Mentor.id) == pairing.mentor_id)
    mentor = (await db.execute(theirs)).scalar_one()
    for task in await tasks.open_of(db, mentor, TaskKind.reassignment_due):
        waiting = everything(Pairing, pairing.prison_id).where(
            col(Pairing.mentor_id) == mentor.id, col(Pairing.status) == S.to_reassign
        )
        if (await db.execute(waiting.limit(1))).first() is None:
            await tasks.settle(db, task, context.actor)


_END = Move(frozenset({SW, C}), reasons=END_REASONS, effects=(note_end,))
MOVES = {
    (S.live, S.to_reassign): Move(frozenset(Role), offered=False),
    (S.to_reassign, S.live): Move(
        frozenset({SW}),
        guards=(
            _unless("mentor_not_active"),
            _unless("mentee_not_accepted"),
            _unless("mentor_not_here"),
            _unless("mentee_not_here"),
            _unless("supervision_overdue"),
            *(_unless(bar.value) for bar in APART),
        ),
        effects=(hold_mentor, finish_reassignment),
    ),
    (S.live, S.ended): _END,
    (S.to_reassign, S.ended): replace(_END, effects=(note_end, finish_reassignment)),
}
PAIRING = Lifecycle("pairings", "pairing", PairingStatus, MOVES, _load_facts)


async def pair(db: AsyncSession, actor: Actor, body: PairingCreate) -> Pairing:
    """Bring a mentor and a mentee together. Raises NotPairable with every reason at once; the
    database refuses a second pairing of the same two."""
    both = await load_pair(db, body, actor.prison_id, hold=True)
    both = await with_what_is_between(db, both)
    if errors := unpairable(both):
        raise NotPairable("; ".join(error.message for error in errors) + ".", errors=errors)
    pairing = Pairing(prison_id=actor.prison_id, **body.model_dump())
    await lifecycle.begin(db, PAIRING, pairing, actor)
    return pairing


async def end_all_of(db: AsyncSession, actor: Actor, mentee: Mentee) -> None:
    """End every pairing of a mentee whose support has ended, in the same transaction."""
    open_ones = everything(Pairing, mentee.prison_id).where(
        col(Pairing.mentee_id) == mentee.id, col(Pairing.status) != PairingStatus.ended
    )
    for pairing in (await db.scalars(open_ones.order_by(col(Pairing.id)).with_for_update())).all():
        await lifecycle.move(
            db, PAIRING, pairing, to=PairingStatus.ended, actor=actor, reason="support_ended"
        )


async def shown(db: AsyncSession, pairing: Pairing, actor: Actor) -> Output:
    """The pairing as this actor sees it; with its moves for those who make them."""
    both = await load_pair(db, pairing, pairing.prison_id)
    names = {
        "mentor_name": both.mentors_person.display_name,
        "mentee_name": both.mentees_person.display_name,
    }
    moves = []
    if actor.allowed(Permission.pairing_write):
        moves = await lifecycle.options(db, PAIRING, pairing, actor)
    fields = {**pairing.model_dump(), **names, "moves": moves}
    return shape("pairings", actor.role).model_validate(fields)
