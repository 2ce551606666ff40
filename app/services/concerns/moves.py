"""A concern's life as a table of moves, and the guard that closes it."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.concerns import (
    CONCERN_OPEN,
    Action,
    Addendum,
    Concern,
    ConcernKind,
    ConcernStatus,
)
from app.models.mentees import Mentee, MenteeStatus
from app.models.staff import Role
from app.scope import everything
from app.services.concerns import answered
from app.services.concerns.clocks import start_clocks
from app.services.concerns.routing import duplicates_of, keep_from_the_line
from app.services.concerns.whereabouts import has_left
from app.services.escalation import Immediacy
from app.services.lifecycle import Context, Lifecycle, Move, Refusal

S = ConcernStatus
AT_ONCE = timedelta(seconds=1)
REVIEWERS = frozenset({Role.support_worker, Role.clinician, Role.governor})


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards of a concern's moves decide on. `prisoner_waits`: one who raised it, or a
    duplicate of it, has not heard what became of it. `raisers`: staff who raised it, or one.
    `words_wait`: words were added of which nobody has been paged yet."""

    actions: list[Action]
    subject_is_patient: bool
    prisoner_waits: bool
    raisers: frozenset[str]
    receipt_owed: bool
    words_wait: bool


async def load_facts(db: AsyncSession, concern: Concern) -> Facts:
    actions = await actions_of(db, concern)
    stepped_up = select(
        exists().where(
            col(Mentee.prison_id) == concern.prison_id,
            col(Mentee.person_id) == concern.subject_person_id,
            col(Mentee.status) == MenteeStatus.stepped_up,
        )
    )
    together = [concern, *await duplicates_of(db, concern)]
    return Facts(
        actions,
        bool((await db.execute(stepped_up)).scalar()),
        any(each.raised_by_person_id is not None and each.feedback is None for each in together),
        frozenset(each.raised_by_subject for each in together if each.raised_by_subject),
        await _receipt_owed(db, concern),
        await _words_wait(db, concern, together),
    )


async def _words_wait(db: AsyncSession, concern: Concern, together: list[Concern]) -> bool:
    """A step is due since words were added, and has not been taken: closed now, it never would."""
    due = concern.next_step_at
    if due is None or due > clock.now():
        return False
    added = everything(Addendum, concern.prison_id).where(
        col(Addendum.concern_id).in_([each.id for each in together]),
        col(Addendum.recorded_at) >= due - AT_ONCE,
    )
    return (await db.execute(added.limit(1))).first() is not None


async def _receipt_owed(db: AsyncSession, concern: Concern) -> bool:
    """Also in the minute before it is noted that they have left."""
    if concern.receipt_owed or concern.received_there_at or concern.subject_person_id is None:
        return concern.receipt_owed
    left = everything(Concern, concern.prison_id).where(col(Concern.id) == concern.id, has_left())
    return (await db.execute(left)).first() is not None


async def actions_of(db: AsyncSession, concern: Concern) -> list[Action]:
    found = everything(Action, concern.prison_id).where(col(Action.concern_id) == concern.id)
    return list((await db.execute(found.order_by(col(Action.due_at)))).scalars())


def reviews(actor: Actor, concern: Concern) -> bool:
    """Whether the review is theirs: governors' only of what is routed to them."""
    return actor.role is not Role.governor or concern.routed


def person_seen(context: Context) -> Refusal | None:
    concern: Concern = context.thing
    if concern.seen_at is not None or concern.not_seen_reason is not None:
        return None
    return Refusal("person_seen", "Record that the person was seen, or why not.")


def decided(context: Context) -> Refusal | None:
    if context.thing.decided_at is not None:
        return None
    return Refusal("decided", "A decision must be recorded.")


def actions_settled(context: Context) -> Refusal | None:
    """Every action done, or handed over to someone who accepted it."""
    waiting = [
        action
        for action in context.facts.actions
        if action.done_at is None and action.accepted_at is None
    ]
    if not waiting:
        return None
    detail = f"{len(waiting)} action(s) are neither done nor handed over to someone who accepted."
    return Refusal("actions_settled", detail)


def acct_decided(context: Context) -> Refusal | None:
    concern: Concern = context.thing
    mentioned = concern.mentions_self_harm or concern.kind is ConcernKind.self_harm_or_suicide
    asked = mentioned or concern.immediacy is Immediacy.now
    if not asked or concern.acct_decision is not None:
        return None
    return Refusal("acct_decided", "Record the ACCT decision: of self-harm, suicide, or `now`.")


def mentor_told(context: Context) -> Refusal | None:
    """The loop to the mentor or prisoner who raised it is closed."""
    if not context.facts.prisoner_waits:
        return None
    return Refusal("mentor_told", "Tell the person who raised it what became of it, or why not.")


def closed_by_another(context: Context) -> Refusal | None:
    if context.actor.subject not in context.facts.raisers:  # which none is who entered it for one
        return None
    return Refusal("closed_by_another", "Someone else than who raised it must close it.")


def received_there(context: Context) -> Refusal | None:
    if not context.facts.receipt_owed:
        return None
    return Refusal("received_there", "They have left: record who has it where they went.")


def clinician_signed(context: Context) -> Refusal | None:
    if not context.facts.subject_is_patient or context.thing.clinician_signed_by is not None:
        return None
    return Refusal("clinician_signed", "The person is a patient: a clinician must sign it off.")


def words_told(context: Context) -> Refusal | None:
    if not context.facts.words_wait:
        return None
    return Refusal("words_told", "Words were added this moment: read them before it closes.")


async def stop_clock(db: AsyncSession, context: Context) -> None:
    context.thing.closed_at = context.now
    context.thing.next_step_at = None


async def start_anew(db: AsyncSession, context: Context) -> None:
    """Reopened: new clocks from now, and everything done before stays in the history alone."""
    concern: Concern = context.thing
    concern.next_step_at = context.now  # first of all: an open concern always has a next step
    concern.acknowledged_at = concern.acknowledged_by = concern.accepted_on_duty_at = None
    concern.accepted_by_staff_id = None
    answered.forget(concern)
    concern.lower_to = concern.lower_by = concern.lower_reason = None
    concern.feedback = concern.feedback_text = concern.feedback_told_by = None
    concern.feedback_at = concern.closed_at = None
    concern.subject_left_at = concern.not_left_reason = None
    concern.receiving_side = concern.received_there_by = concern.received_there_at = None
    for each in await duplicates_of(db, concern, lock=True):
        each.feedback = each.feedback_at = each.feedback_told_by = None
    await keep_from_the_line(db, concern)
    await start_clocks(db, concern, context.now)


CLOSING = (
    person_seen,
    decided,
    actions_settled,
    acct_decided,
    mentor_told,
    closed_by_another,
    clinician_signed,
    received_there,
    words_told,
)
_REVIEW = Move(REVIEWERS)
_SERVICE = Move(frozenset(Role), offered=False)

MOVES: dict[tuple[ConcernStatus, ConcernStatus], Move] = {
    (S.raised, S.acknowledged): _SERVICE,
    (S.acknowledged, S.under_review): _REVIEW,
    (S.reopened, S.under_review): _REVIEW,
    (S.under_review, S.actions_open): _REVIEW,
    (S.under_review, S.ready_to_close): Move(REVIEWERS, guards=(person_seen, decided)),
    (S.actions_open, S.ready_to_close): Move(
        REVIEWERS, guards=(person_seen, decided, actions_settled)
    ),
    (S.ready_to_close, S.actions_open): _REVIEW,
    (S.ready_to_close, S.closed): Move(REVIEWERS, guards=CLOSING, effects=(stop_clock,)),
    (S.closed, S.reopened): Move(
        REVIEWERS,
        reasons=("new_information", "closed_in_error", "asked_by_the_person", "other"),
        effects=(start_anew,),
    ),
}
MOVES |= {
    (state, S.merged_duplicate): Move(frozenset(Role), effects=(stop_clock,), offered=False)
    for state in CONCERN_OPEN
}

CONCERN = Lifecycle("concerns", "concern", ConcernStatus, MOVES, load_facts)
