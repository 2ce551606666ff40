"""Pairings over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayCheckPair, MayReadPairing, MayWritePairing
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    GuardsUnmet,
    KeyReused,
    MoveNotInTable,
    MoveNotYours,
    NotPairable,
    Stale,
    TooManyPairChecks,
)
from app.models.matching import MayMeet, PairCheck, PairCheckRead
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.moves import HistoryForMentor, HistoryRead, MoveCreate
from app.models.pairings import (
    Pairing,
    PairingCreate,
    PairingForMentor,
    PairingRead,
    PairingRow,
    PairingStatus,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.probing import PairsCounted, TellsOfPairs
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import lifecycle, pair_checks, pairings
from app.services.names import name_of
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/pairings", tags=["pairings"])
ThisPairing = Annotated[Pairing, Depends(to_read(Pairing, "pairing_id"))]
PairingToMove = Annotated[Pairing, Depends(to_change(Pairing, "pairing_id", match=False))]
AnyPairing = PairingRead | PairingForMentor


LIST = Listing(
    Pairing,
    MATRIX["pairings.row"],
    filters={
        "mentor_id": lambda value: col(Pairing.mentor_id) == value,
        "mentee_id": lambda value: col(Pairing.mentee_id) == value,
        "status": lambda value: col(Pairing.status) == value,
    },
    sorts={"recorded_at": col(Pairing.recorded_at)},
    computed={
        "mentor_name": name_of(Mentor, col(Pairing.mentor_id), Pairing),
        "mentee_name": name_of(Mentee, col(Pairing.mentee_id), Pairing),
    },
)


class PairingQuery(PageQuery):
    mentor_id: UUID | None = None
    mentee_id: UUID | None = None
    status: PairingStatus | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[PairingRow | PairingForMentor], responses=refusals())
async def list_pairings(
    actor: MayReadPairing, db: ReadDb, request: Request, query: Annotated[PairingQuery, Query()]
) -> Response:
    """Pairings of the prison; a mentor finds only their own that are live."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=PairingRead,
    responses=refusals(NotPairable, AlreadyExists, KeyReused, TooManyPairChecks),
    dependencies=[PairsCounted],
)
async def pair_mentor_and_mentee(
    actor: MayWritePairing, db: Db, body: PairingCreate, once: JustOnce
) -> Response:
    """Bring a mentor and a mentee together. Every reason against it is answered at once."""
    pairing = await pairings.pair(db, actor, body)
    shown = await pairings.shown(db, pairing, actor)
    return await once.created(shown, location=f"pairings/{pairing.id}")


@router.post("/check", response_model=PairCheckRead, responses=refusals(TooManyPairChecks))
async def check_pair(actor: MayCheckPair, db: Db, body: PairCheck, told: TellsOfPairs) -> Response:
    """Whether a mentor and a mentee may meet: yes, no, or check with staff, which is mostly for a
    harmless reason. Clinicians are told yes or no. Why is not said; whatever is not yes is counted,
    and soon no more is told."""
    may_meet = await pair_checks.check(db, actor, body)
    await told.count(if_so=may_meet is not MayMeet.yes)
    return reply(shape("pairings.check", actor.role).model_validate({"may_meet": may_meet}))


@router.get("/{pairing_id}", response_model=AnyPairing, responses=refusals())
async def read_pairing(actor: MayReadPairing, db: Db, pairing: ThisPairing) -> Response:
    """One pairing, with what you may do next."""
    return reply(await pairings.shown(db, pairing, actor))


@router.post(
    "/{pairing_id}/moves",
    response_model=PairingRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, AlreadyExists, Stale),
)
async def move_pairing(
    actor: MayWritePairing, db: Db, pairing: PairingToMove, body: MoveCreate
) -> Response:
    """End a pairing, or bring one that waits for reassignment back to life."""
    await lifecycle.make(db, pairings.PAIRING, pairing, actor, body)
    return reply(await pairings.shown(db, pairing, actor))


@router.get(
    "/{pairing_id}/history",
    response_model=Page[HistoryRead | HistoryForMentor],
    responses=refusals(),
)
async def list_pairing_history(actor: MayReadPairing, db: Db, pairing: ThisPairing) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, pairing, actor, "pairings.history")))
