"""Supervisions over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy import and_, func
from sqlmodel import Field, col

from app.access import (
    CurrentActor,
    MayReadSupervision,
    MayReadVersions,
    MaySignSupervision,
    MayWriteSupervision,
)
from app.db import Db, ReadDb
from app.errors import (
    Conflicting,
    GuardsUnmet,
    MatchNeeded,
    MoveNotInTable,
    MoveNotYours,
    NoteLocked,
    Stale,
)
from app.models.base import Day
from app.models.moves import HistoryCoarse, HistoryForMentor, HistoryRead, MoveCreate
from app.models.supervisions import (
    SUPERVISION_OPEN,
    ComplianceRead,
    RescheduleCreate,
    SignatureCreate,
    Supervision,
    SupervisionForGovernor,
    SupervisionForMentor,
    SupervisionHeld,
    SupervisionNotesPut,
    SupervisionRead,
    SupervisionRow,
    SupervisionStatus,
    SupervisionText,
)
from app.models.texts import VersionRead
from app.paging import Listing, Page, PageQuery, whole
from app.paths import IfMatch, to_change, to_read
from app.problems import refusals
from app.replies import check_match, reply
from app.services import lifecycle, supervisions
from app.ties import NOW
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/supervisions", tags=["supervisions"])
AnySupervision = SupervisionRead | SupervisionForMentor | SupervisionForGovernor
ThisSupervision = Annotated[Supervision, Depends(to_read(Supervision, "supervision_id"))]
SupervisionToMove = Annotated[
    Supervision, Depends(to_change(Supervision, "supervision_id", match=False))
]
SupervisionToPut = Annotated[
    Supervision, Depends(to_change(Supervision, "supervision_id", match=True))
]


async def _to_work_on(
    db: Db,
    actor: CurrentActor,
    supervision_id: Annotated[UUID, Path()],
    if_match: IfMatch = None,
) -> Supervision:
    """The supervision, locked after its mentor."""
    supervision = await supervisions.to_work_on(db, actor, supervision_id)
    check_match(supervision.version, if_match, needed=False)
    return supervision


async def _to_sign(
    db: Db, actor: CurrentActor, supervision_id: Annotated[UUID, Path()]
) -> Supervision:
    """As above; it takes no version, which a mentor does not see."""
    return await supervisions.to_work_on(db, actor, supervision_id)


SupervisionToWorkOn = Annotated[Supervision, Depends(_to_work_on)]
SupervisionToSign = Annotated[Supervision, Depends(_to_sign)]

_overdue = and_(
    col(Supervision.status).in_(sorted(SUPERVISION_OPEN)),
    func.coalesce(col(Supervision.due_at) < NOW, False),
)
LIST = Listing(
    Supervision,
    MATRIX["supervisions.row"],
    filters={
        "mentor_id": lambda value: col(Supervision.mentor_id) == value,
        "status": lambda value: col(Supervision.status) == value,
        "overdue": lambda value: _overdue == value,
    },
    sorts={"due_at": col(Supervision.due_at), "recorded_at": col(Supervision.recorded_at)},
    computed={"overdue": _overdue},
)


_FIRST = "The first day on which one was due; absent: 31 days before `to`."
_LAST = "The last day on which one was due; absent: today."


class SupervisionQuery(PageQuery):
    mentor_id: UUID | None = None
    status: SupervisionStatus | None = None
    overdue: bool | None = Field(default=None, description="True: not held, and past its day.")
    sort: Literal["due_at", "-due_at", "recorded_at", "-recorded_at"] = Field(default="due_at")


@router.get("", response_model=Page[SupervisionRow], responses=refusals())
async def list_supervisions(
    actor: MayReadSupervision,
    db: ReadDb,
    request: Request,
    query: Annotated[SupervisionQuery, Query()],
) -> Response:
    """Supervisions, planned and held; a mentor finds only their own."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.get("/compliance", response_model=Page[ComplianceRead], responses=refusals())
async def read_supervision_compliance(
    actor: MayReadSupervision,
    db: Db,
    first: Annotated[Day | None, Query(alias="from", description=_FIRST)] = None,
    last: Annotated[Day | None, Query(alias="to", description=_LAST)] = None,
) -> Response:
    """How supervision was kept, mentor by mentor, of what fell due in a span of days."""
    return reply(whole(await supervisions.compliance(db, actor, first, last)))


@router.get("/{supervision_id}", response_model=AnySupervision, responses=refusals())
async def read_supervision(
    actor: MayReadSupervision, db: Db, supervision: ThisSupervision
) -> Response:
    """One supervision; mentors read the shared part of their own, governors whether and when."""
    return reply(await supervisions.shown(db, supervision, actor))


@router.post(
    "/{supervision_id}/held",
    response_model=SupervisionRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def hold_supervision(
    actor: MayWriteSupervision, db: Db, supervision: SupervisionToWorkOn, body: SupervisionHeld
) -> Response:
    """Record that it was held, by you; the next one is planned from that day."""
    await supervisions.hold(db, actor, supervision, body)
    return reply(await supervisions.shown(db, supervision, actor))


@router.put(
    "/{supervision_id}/notes",
    response_model=SupervisionRead,
    responses=refusals(NoteLocked, MatchNeeded, Stale),
)
async def put_supervision_notes(
    actor: MayWriteSupervision, db: Db, supervision: SupervisionToPut, body: SupervisionNotesPut
) -> Response:
    """Write the notes anew, until someone signs them. Earlier words are kept as versions."""
    await supervisions.rewrite(db, actor, supervision, body)
    return reply(await supervisions.shown(db, supervision, actor))


@router.post(
    "/{supervision_id}/moves",
    response_model=SupervisionRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_supervision(
    actor: MayWriteSupervision, db: Db, supervision: SupervisionToMove, body: MoveCreate
) -> Response:
    """Record that it was missed, and why. It stays owed until it is held."""
    await lifecycle.make(db, supervisions.SUPERVISION, supervision, actor, body)
    return reply(await supervisions.shown(db, supervision, actor))


@router.post(
    "/{supervision_id}/reschedule",
    response_model=SupervisionRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def reschedule_supervision(
    actor: MayWriteSupervision, db: Db, supervision: SupervisionToMove, body: RescheduleCreate
) -> Response:
    """Put a missed one off, by at most seven days from today."""
    await supervisions.put_off(db, actor, supervision, body)
    return reply(await supervisions.shown(db, supervision, actor))


@router.post(
    "/{supervision_id}/signature",
    response_model=SupervisionRead | SupervisionForMentor,
    responses=refusals(MoveNotInTable, Conflicting),
)
async def sign_supervision(
    actor: MaySignSupervision, db: Db, supervision: SupervisionToSign, body: SignatureCreate
) -> Response:
    """The mentor's signature or refusal; staff enter it for a mentor without a device."""
    await supervisions.sign_as_mentor(db, actor, supervision, body)
    return reply(await supervisions.shown(db, supervision, actor))


@router.post(
    "/{supervision_id}/countersignature",
    response_model=SupervisionRead,
    responses=refusals(MoveNotInTable, MoveNotYours, Conflicting, Stale),
)
async def countersign_supervision(
    actor: MayWriteSupervision, db: Db, supervision: SupervisionToWorkOn
) -> Response:
    """The supervisor's signature: of whoever held it, or who supervises the mentor now."""
    await supervisions.sign_as_supervisor(db, actor, supervision)
    return reply(await supervisions.shown(db, supervision, actor))


@router.get(
    "/{supervision_id}/history",
    response_model=Page[HistoryRead | HistoryCoarse | HistoryForMentor],
    responses=refusals(),
)
async def list_supervision_history(
    actor: MayReadSupervision, db: Db, supervision: ThisSupervision
) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await supervisions.history_shown(db, supervision, actor)))


@router.get("/{supervision_id}/versions", response_model=Page[VersionRead], responses=refusals())
async def list_supervision_versions(
    actor: MayReadVersions,
    db: Db,
    supervision: ThisSupervision,
    text: Annotated[
        SupervisionText, Query(description="Which of its texts.")
    ] = SupervisionText.shared_note,
) -> Response:
    """Every version of one of its texts, oldest first."""
    return reply(whole(await supervisions.versions(db, actor, supervision, text)))
