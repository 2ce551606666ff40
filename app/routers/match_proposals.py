"""Match proposals over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayProposeMatch, MayReadMatch
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    GuardsUnmet,
    KeyReused,
    MoveNotInTable,
    MoveNotYours,
    NobodyWaiting,
    Stale,
    TooManyPairChecks,
)
from app.models.match_proposals import (
    MatchProposal,
    MatchProposalCreate,
    MatchProposalMove,
    MatchProposalRead,
    MatchProposalRow,
    MatchProposalStatus,
)
from app.models.moves import HistoryRead
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.probing import TellsOfPairs
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import lifecycle, match_proposals
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/match-proposals", tags=["match-proposals"])
This = Annotated[MatchProposal, Depends(to_read(MatchProposal, "match_proposal_id"))]
ToMove = Annotated[
    MatchProposal, Depends(to_change(MatchProposal, "match_proposal_id", match=False))
]

LIST = Listing(
    MatchProposal,
    MATRIX["match_proposals.row"],
    filters={"status": lambda value: col(MatchProposal.status) == value},
    sorts={"recorded_at": col(MatchProposal.recorded_at)},
)


class MatchProposalQuery(PageQuery):
    status: MatchProposalStatus | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[MatchProposalRow], responses=refusals())
async def list_match_proposals(
    actor: MayReadMatch,
    db: ReadDb,
    request: Request,
    query: Annotated[MatchProposalQuery, Query()],
) -> Response:
    """Proposals made so far; at most one is open."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=MatchProposalRead,
    responses=refusals(AlreadyExists, KeyReused, NobodyWaiting, TooManyPairChecks),
)
async def propose_matches(
    actor: MayProposeMatch,
    db: Db,
    body: MatchProposalCreate,
    once: JustOnce,
    told: TellsOfPairs,
) -> Response:
    """Work out who might support whom, for all who have no mentor. It changes nothing until it
    is approved, and takes the place of a proposal that is still open."""
    proposal = await match_proposals.propose(db, actor, body)
    shown = await match_proposals.shown(db, proposal, actor)
    await told.count(if_so=match_proposals.tells_of_a_pair(shown))
    return await once.created(shown, location=f"match-proposals/{proposal.id}")


@router.get("/{match_proposal_id}", response_model=MatchProposalRead, responses=refusals())
async def read_match_proposal(actor: MayReadMatch, db: Db, proposal: This) -> Response:
    """One proposal: every mentee with the mentor and the reasons, or with why there is none."""
    return reply(await match_proposals.shown(db, proposal, actor))


@router.post(
    "/{match_proposal_id}/moves",
    response_model=MatchProposalRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_match_proposal(
    actor: MayProposeMatch, db: Db, proposal: ToMove, body: MatchProposalMove
) -> Response:
    """Approve a proposal, all or part of it, or reject it. Approved, every pair is made by the
    rules as they stand now, or says why it could not be."""
    await match_proposals.decide(db, actor, proposal, body)
    return reply(await match_proposals.shown(db, proposal, actor))


@router.get("/{match_proposal_id}/history", response_model=Page[HistoryRead], responses=refusals())
async def list_match_proposal_history(actor: MayReadMatch, db: Db, proposal: This) -> Response:
    """Every move made, oldest first."""
    found = await lifecycle.history_shown(db, proposal, actor, "match_proposals.history")
    return reply(whole(found))
