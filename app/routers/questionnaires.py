"""Questionnaires over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadQuestionnaire, MayWriteQuestionnaire
from app.db import Db, ReadDb
from app.errors import (
    Conflicting,
    GuardsUnmet,
    KeyReused,
    MatchNeeded,
    MoveNotInTable,
    MoveNotYours,
    Stale,
)
from app.models.moves import HistoryRead, MoveCreate
from app.models.questionnaires import (
    Instrument,
    Occasion,
    Questionnaire,
    QuestionnaireCreate,
    QuestionnaireDue,
    QuestionnaireForStaff,
    QuestionnaireRead,
    QuestionnaireRow,
    QuestionnaireUpdate,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import lifecycle, questionnaires
from app.services.questionnaires import due
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/questionnaires", tags=["questionnaires"])
ThisOne = Annotated[Questionnaire, Depends(to_read(Questionnaire, "questionnaire_id"))]
OneToMove = Annotated[
    Questionnaire, Depends(to_change(Questionnaire, "questionnaire_id", match=False))
]
OneToChange = Annotated[
    Questionnaire, Depends(to_change(Questionnaire, "questionnaire_id", match=True))
]

LIST = Listing(
    Questionnaire,
    MATRIX["questionnaires.row"],
    filters={
        "mentee_id": lambda value: col(Questionnaire.mentee_id) == value,
        "instrument": lambda value: col(Questionnaire.instrument) == value,
        "occasion": lambda value: col(Questionnaire.occasion) == value,
    },
    sorts={"asked_on": col(Questionnaire.asked_on)},
)


class QuestionnaireQuery(PageQuery):
    mentee_id: UUID | None = None
    instrument: Instrument | None = None
    occasion: Occasion | None = None
    sort: Literal["asked_on", "-asked_on"] = Field(default="-asked_on")


@router.get("", response_model=Page[QuestionnaireRow | QuestionnaireForStaff], responses=refusals())
async def list_questionnaires(
    actor: MayReadQuestionnaire,
    db: ReadDb,
    request: Request,
    query: Annotated[QuestionnaireQuery, Query()],
) -> Response:
    """What mentees answered: to clinicians all of it; to support workers totals that are shared."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=QuestionnaireRead,
    responses=refusals(Conflicting, KeyReused),
)
async def record_questionnaire(
    actor: MayWriteQuestionnaire, db: Db, body: QuestionnaireCreate, once: JustOnce
) -> Response:
    """Record what a mentee answered, or why there is no answer. The total is worked out here.

    An answer that says somebody may hurt himself opens a task for a clinician at once. It is no
    alarm: for danger now tell an officer, and raise a concern.
    """
    made = await questionnaires.record(db, actor, body)
    shown = await questionnaires.shown(db, made, actor)
    return await once.created(shown, location=f"questionnaires/{made.id}")


@router.get("/due", response_model=Page[QuestionnaireDue], responses=refusals())
async def list_questionnaires_due(actor: MayWriteQuestionnaire, db: Db) -> Response:
    """What to ask next of everybody in the scheme, and by when; the longest overdue first."""
    return reply(whole(await due.due(db, actor)))


@router.get(
    "/{questionnaire_id}",
    response_model=QuestionnaireRead | QuestionnaireForStaff,
    responses=refusals(),
)
async def read_questionnaire(actor: MayReadQuestionnaire, db: Db, thing: ThisOne) -> Response:
    """One questionnaire: its answers, and how it differs from the baseline."""
    return reply(await questionnaires.shown(db, thing, actor))


@router.patch(
    "/{questionnaire_id}", response_model=QuestionnaireRead, responses=refusals(MatchNeeded, Stale)
)
async def update_questionnaire(
    actor: MayWriteQuestionnaire, db: Db, thing: OneToChange, body: QuestionnaireUpdate
) -> Response:
    """Change whether support workers may read the total, as the mentee chooses."""
    await questionnaires.update(db, actor, thing, body)
    return reply(await questionnaires.shown(db, thing, actor))


@router.post(
    "/{questionnaire_id}/moves",
    response_model=QuestionnaireRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_questionnaire(
    actor: MayWriteQuestionnaire, db: Db, thing: OneToMove, body: MoveCreate
) -> Response:
    """Say that it was entered in error, and why. It stays, and counts no more."""
    await lifecycle.make(db, questionnaires.QUESTIONNAIRE, thing, actor, body)
    return reply(await questionnaires.shown(db, thing, actor))


@router.get("/{questionnaire_id}/history", response_model=Page[HistoryRead], responses=refusals())
async def list_questionnaire_history(
    actor: MayWriteQuestionnaire, db: Db, thing: ThisOne
) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, thing, actor, "questionnaires.history")))
