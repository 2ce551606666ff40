"""Match proposals: worked out at once for all who have no mentor, decided by a support worker.

A proposal changes nothing. Approved, its pairs are made like any other, each by the rules as they
stand then, and each says what came of it.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import AlreadyExists, FieldError, Invalid, NobodyWaiting, Refused, from_constraint
from app.models.base import Output
from app.models.match_proposals import (
    MOST_MENTEES,
    MatchProposal,
    MatchProposalCreate,
    MatchProposalMove,
    MatchProposalPair,
    MatchProposalRead,
    MatchProposalStatus,
    ProposedOutcome,
    UnmatchedWhy,
)
from app.models.matching import MatchBar
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.pairings import Pairing, PairingCreate, PairingStatus
from app.models.staff import Role, StaffRole
from app.models.tasks import TaskKind
from app.scope import everything, visible
from app.services import lifecycle, match_facts, matching, pair_checks, pairings, tasks
from app.services.lifecycle import Context, Lifecycle, Move, Refusal
from app.services.match_facts import PAIRABLE, Board
from app.services.match_solver import Places, Problem, Solution, solve
from app.services.matching import Ranking, Two
from app.services.names import names
from app.visibility import shape

S, O = MatchProposalStatus, ProposedOutcome  # noqa: E741 - the outcomes
SW = frozenset({Role.support_worker})
STANDS_FOR = timedelta(days=7)
DECIDED_WITHIN = timedelta(days=3)
REJECT_REASONS = ("not_suitable", "done_by_hand", "made_in_error", "other")
HAS_A_MENTOR = "has_a_mentor"
REASSIGNED = "reassigned"


def still_fresh(context: Context) -> Refusal | None:
    if context.now < context.thing.expires_at:
        return None
    return Refusal("still_fresh", "It is more than seven days old: make a new one.")


async def end_task(db: AsyncSession, context: Context) -> None:
    await tasks.finish(db, context.thing, TaskKind.proposal_due, context.actor)


MOVES: dict[tuple[MatchProposalStatus, MatchProposalStatus], Move] = {
    (S.proposed, S.approved): Move(SW, guards=(still_fresh,), effects=(end_task,)),
    (S.proposed, S.rejected): Move(SW, reasons=REJECT_REASONS, effects=(end_task,)),
    (S.proposed, S.superseded): Move(SW, effects=(end_task,), offered=False),
    (S.proposed, S.expired): Move(frozenset({Role.system}), effects=(end_task,), offered=False),
}
PROPOSAL = Lifecycle("match_proposals", "match_proposal", MatchProposalStatus, MOVES)


async def propose(db: AsyncSession, actor: Actor, body: MatchProposalCreate) -> MatchProposal:
    """Work out a proposal; one that is still open is superseded by it. Nobody's row is held while
    the solver works. Raises NobodyWaiting, or Invalid, naming the field."""
    mentees = await without_mentor(db, actor.prison_id, body.mentee_ids)
    if not mentees:
        raise NobodyWaiting()
    board = await match_facts.load(db, actor.prison_id, mentees, actor.staff_id)
    rankings = [matching.rank(each, board.mentors, board.facts) for each in board.mentees]
    before = await _proposed_before(db, actor.prison_id)
    solution = await asyncio.to_thread(solve, problem_of(board, rankings, before))
    await _one_at_a_time(db, actor.prison_id)
    await _supersede(db, actor)
    proposal = MatchProposal(
        prison_id=actor.prison_id,
        made_by=actor.subject,
        solver=solution.status,
        gap=solution.gap,
        seconds=solution.seconds,
        mentees=len(rankings),
        matched=len(solution.pairs),
        expires_at=clock.now() + STANDS_FOR,
    )
    await lifecycle.begin(db, PROPOSAL, proposal, actor)
    db.add_all(
        _pair(proposal, place, ranking, solution, board)
        for place, ranking in enumerate(rankings, 1)
    )
    await tasks.open_task(
        db,
        actor.prison_id,
        TaskKind.proposal_due,
        thing=proposal,
        due_in=DECIDED_WITHIN,
        for_role=StaffRole.support_worker,
        actor=actor,
    )
    await db.flush()
    return proposal


def problem_of(board: Board, rankings: Sequence[Ranking], before: Collection[Two]) -> Problem:
    """The rankings as the solver takes them; `before`: mentee and mentor as proposed last."""
    points = {
        (ranking.mentee.id, each.mentor.id): each.fit
        for ranking in rankings
        for each in ranking.candidates
    }
    return Problem(
        mentees=[ranking.mentee.id for ranking in rankings],
        mentors={mentor.id: Places(mentor.live, mentor.places) for mentor in board.mentors},
        points=points,
        kept=frozenset(two for two in before if two in points),
    )


def why_not(ranking: Ranking) -> UnmatchedWhy:
    """Why a mentee has no mentor: with nothing but full mentors in the way, more places would
    help; else they would not."""
    only_full = any(each.bars == (MatchBar.mentor_full,) for each in ranking.excluded)
    if ranking.candidates or only_full or not (ranking.excluded or ranking.mentee.bars):
        return UnmatchedWhy.no_capacity
    return UnmatchedWhy.every_candidate_excluded


def why_as_told(ranking: Ranking, board: Board) -> UnmatchedWhy:
    """Why not, as every reader of a proposal may know it: as if nobody had reported anybody."""
    facts = replace(board.facts, reported=frozenset())
    return why_not(matching.rank(ranking.mentee, board.mentors, facts))


def _pair(
    proposal: MatchProposal, place: int, ranking: Ranking, solution: Solution, board: Board
) -> MatchProposalPair:
    mentor_id = solution.pairs.get(ranking.mentee.id)
    found = next((each for each in ranking.candidates if each.mentor.id == mentor_id), None)
    return MatchProposalPair(
        prison_id=proposal.prison_id,
        proposal_id=proposal.id,
        mentee_id=ranking.mentee.id,
        place=place,
        mentor_id=mentor_id,
        points=found.points if found else None,
        parts=pair_checks.kept(found.parts) if found else [],
        outcome=O.proposed if found else O.unmatched,
        why=None if found else why_as_told(ranking, board),
    )


async def without_mentor(
    db: AsyncSession, prison_id: str, ids: Sequence[UUID] | None, *, most: int = MOST_MENTEES
) -> Sequence[Mentee]:
    """Who may have a mentor and has none, those whose mentor has left among them; in the order of
    the waiting list, which also says whom a cut leaves. Of `ids` each must be. Raises Invalid."""
    live = select(col(Pairing.mentee_id)).where(
        col(Pairing.prison_id) == prison_id, col(Pairing.status) == PairingStatus.live
    )
    found = everything(Mentee, prison_id).where(
        col(Mentee.status).in_(PAIRABLE), col(Mentee.id).not_in(live)
    )
    if ids is not None:
        found = found.where(col(Mentee.id).in_(ids))
    in_order = found.order_by(
        col(Mentee.safety_need).desc(), col(Mentee.referred_at), col(Mentee.id)
    )
    mentees = (await db.scalars(in_order.limit(most))).all()
    known = {mentee.id for mentee in mentees}
    message = "may not be given a mentor now, or has one"
    errors = [
        FieldError(f"mentee_ids.{index}", "not_waiting", message)
        for index, each in enumerate(ids or ())
        if each not in known
    ]
    if errors:
        raise Invalid(f"{len(errors)} cannot be proposed for.", errors=errors)
    return mentees


async def _proposed_before(db: AsyncSession, prison_id: str) -> Collection[Two]:
    """The pairs of the last proposal that nothing came of, unless it was rejected."""
    last = (
        everything(MatchProposal, prison_id)
        .order_by(col(MatchProposal.recorded_at).desc(), col(MatchProposal.id).desc())
        .limit(1)
    )
    proposal = (await db.scalars(last)).one_or_none()
    if proposal is None or proposal.status is S.rejected:
        return ()
    rows = await _pairs(db, proposal)
    return {
        (row.mentee_id, row.mentor_id)
        for row in rows
        if row.mentor_id and row.outcome in {O.proposed, O.left_out}
    }


async def _pairs(db: AsyncSession, proposal: MatchProposal) -> Sequence[MatchProposalPair]:
    found = everything(MatchProposalPair, proposal.prison_id).where(
        col(MatchProposalPair.proposal_id) == proposal.id
    )
    return (await db.scalars(found.order_by(col(MatchProposalPair.place)))).all()


async def _one_at_a_time(db: AsyncSession, prison_id: str) -> None:
    """Two proposals made at once follow one another: the second supersedes the first."""
    name = f"match_proposals:{prison_id}"
    await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def _supersede(db: AsyncSession, actor: Actor) -> None:
    still_open = everything(MatchProposal, actor.prison_id).where(
        col(MatchProposal.status) == S.proposed
    )
    for proposal in (await db.scalars(still_open.with_for_update())).all():
        await lifecycle.move(db, PROPOSAL, proposal, to=S.superseded, actor=actor)


async def decide(
    db: AsyncSession, actor: Actor, proposal: MatchProposal, body: MatchProposalMove
) -> None:
    """Approve or reject. Raises Invalid for someone left out who is not in it."""
    rows = await _pairs(db, proposal)
    proposed = {row.mentee_id for row in rows if row.outcome is O.proposed}
    for index, each in enumerate(body.leave_out):
        if each not in proposed or body.to != S.approved:
            message = "is not one of the pairs to be approved"
            raise Invalid.field(f"leave_out.{index}", "not_proposed", message)
    await lifecycle.make(db, PROPOSAL, proposal, actor, body)
    if proposal.status is S.approved:
        await _apply(db, actor, rows, {*body.leave_out})


async def _apply(
    db: AsyncSession,
    actor: Actor,
    rows: Sequence[MatchProposalPair],
    leave_out: Collection[UUID],
) -> None:
    """Make the pairs, mentor by mentor as all who hold mentors do; one that cannot be made spoils
    no other."""
    for row in sorted(rows, key=lambda each: (str(each.mentor_id), str(each.mentee_id))):
        if row.outcome is not O.proposed:
            continue
        if row.mentee_id in leave_out:
            row.outcome = O.left_out
        elif codes := await _pair_up(db, actor, row):
            row.outcome, row.refused_for = O.refused, codes
    await db.flush()
    await _end_old(db, actor, [row.mentee_id for row in rows if row.outcome is O.paired])


async def _end_old(db: AsyncSession, actor: Actor, mentees: Collection[UUID]) -> None:
    """They have another mentor now: what waited for that ends. After every mentor is held, as
    whoever takes a mentor's pairings and tasks holds the mentor first."""
    old = everything(Pairing, actor.prison_id).where(
        col(Pairing.mentee_id).in_(mentees), col(Pairing.status) == PairingStatus.to_reassign
    )
    for pairing in (await db.scalars(old.order_by(col(Pairing.id)).with_for_update())).all():
        to = PairingStatus.ended
        await lifecycle.move(db, pairings.PAIRING, pairing, to=to, actor=actor, reason=REASSIGNED)


async def _pair_up(db: AsyncSession, actor: Actor, row: MatchProposalPair) -> list[str]:
    """Make one pair, if it still may be; else the codes of what stands in its way."""
    assert row.mentor_id is not None
    try:
        async with db.begin_nested():
            body = PairingCreate(mentor_id=row.mentor_id, mentee_id=row.mentee_id)
            made = await pairings.pair(db, actor, body)
            if await _has_another(db, made):
                raise AlreadyExists(errors=[FieldError("mentee_id", HAS_A_MENTOR, "has a mentor")])
    except Refused as refused:
        return [error.code for error in refused.errors] or [refused.code]
    except IntegrityError as broken:
        driver = getattr(broken.orig, "__cause__", None)
        return [from_constraint(None, getattr(driver, "sqlstate", None)).code]
    row.outcome, row.pairing_id = O.paired, made.id
    return []


async def _has_another(db: AsyncSession, made: Pairing) -> bool:
    """Whether the mentee got a mentor since it was proposed."""
    found = select(func.count()).where(
        col(Pairing.prison_id) == made.prison_id,
        col(Pairing.mentee_id) == made.mentee_id,
        col(Pairing.status) == PairingStatus.live,
        col(Pairing.id) != made.id,
    )
    return bool((await db.execute(found)).scalar_one())


async def expire_due(db: AsyncSession, prison_id: str) -> int:
    """Expire every open proposal that is too old, and say how many. For the worker: rows that
    someone else is changing are left to the next sweep."""
    due = everything(MatchProposal, prison_id).where(
        col(MatchProposal.status) == S.proposed, col(MatchProposal.expires_at) <= clock.now()
    )
    rows = (await db.scalars(due.with_for_update(skip_locked=True))).all()
    for proposal in rows:
        system = the_system(prison_id)
        await lifecycle.move(db, PROPOSAL, proposal, to=S.expired, actor=system)
    return len(rows)


async def shown(db: AsyncSession, proposal: MatchProposal, actor: Actor) -> Output:
    """The proposal with its pairs by name, and what this actor may do next."""
    found = visible(MatchProposalPair, actor).where(
        col(MatchProposalPair.proposal_id) == proposal.id
    )
    rows = (await db.scalars(found.order_by(col(MatchProposalPair.place)))).all()
    mentees = await names(db, Mentee, actor.prison_id, {row.mentee_id for row in rows})
    ids = {row.mentor_id for row in rows if row.mentor_id is not None}
    mentors = await names(db, Mentor, actor.prison_id, ids)
    pairs = [
        {
            **row.model_dump(),
            "parts": pair_checks.parts_shown(row.parts),
            "mentee_name": mentees[row.mentee_id],
            "mentor_name": mentors[row.mentor_id] if row.mentor_id else None,
        }
        for row in rows
    ]
    moves = await lifecycle.options(db, PROPOSAL, proposal, actor)
    fields: dict[str, Any] = {**proposal.model_dump(), "pairs": pairs, "moves": moves}
    return shape("match_proposals", actor.role).model_validate(fields)


def tells_of_a_pair(shown: Output) -> bool:
    """Whether somebody learns from it of people who may not meet."""
    assert isinstance(shown, MatchProposalRead)
    return any(pair.why is UnmatchedWhy.every_candidate_excluded for pair in shown.pairs)
