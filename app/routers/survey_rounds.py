"""Rounds of the experience survey over HTTP: opened and closed by staff, answered by anybody who
has a code."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadReport, MayWriteSurvey
from app.db import Db, PathPrison, ReadDb
from app.errors import (
    Conflicting,
    GuardsUnmet,
    KeyReused,
    MoveNotInTable,
    MoveNotYours,
    Stale,
)
from app.models.moves import HistoryRead, MoveCreate
from app.models.survey_rounds import (
    SurveyAnswer,
    SurveyAudience,
    SurveyCodesCreate,
    SurveyCodesMade,
    SurveyRound,
    SurveyRoundCreate,
    SurveyRoundRead,
    SurveyRoundRow,
    SurveyRoundStatus,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import lifecycle, survey_rounds
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/survey-rounds", tags=["survey-rounds"])
ThisRound = Annotated[SurveyRound, Depends(to_read(SurveyRound, "survey_round_id"))]
RoundToChange = Annotated[
    SurveyRound, Depends(to_change(SurveyRound, "survey_round_id", match=False))
]


async def asked_prison(prison_id: PathPrison, db: Db) -> str:
    """The prison of who asks without a token. Raises NotFound."""
    await survey_rounds.known_prison(db, prison_id)
    return prison_id


AskedPrison = Annotated[str, Depends(asked_prison, scope="function")]

LIST = Listing(
    SurveyRound,
    MATRIX["survey_rounds.row"],
    filters={
        "audience": lambda value: col(SurveyRound.audience) == value,
        "status": lambda value: col(SurveyRound.status) == value,
    },
    sorts={"opened_on": col(SurveyRound.opened_on)},
)


class SurveyRoundQuery(PageQuery):
    audience: SurveyAudience | None = None
    status: SurveyRoundStatus | None = None
    sort: Literal["opened_on", "-opened_on"] = Field(default="-opened_on")


@router.get("", response_model=Page[SurveyRoundRow], responses=refusals())
async def list_survey_rounds(
    actor: MayReadReport,
    db: ReadDb,
    request: Request,
    query: Annotated[SurveyRoundQuery, Query()],
) -> Response:
    """When who was asked of their experience. What they said is the report `experience`."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=SurveyRoundRead, responses=refusals(KeyReused))
async def open_survey_round(
    actor: MayWriteSurvey, db: Db, body: SurveyRoundCreate, once: JustOnce
) -> Response:
    """Open a round by the questions in force. Codes are made next, and handed out on paper."""
    made = await survey_rounds.open_round(db, actor, body)
    shown = await survey_rounds.shown(db, made, actor)
    return await once.created(shown, location=f"survey-rounds/{made.id}")


@router.post("/answers", status_code=204, responses=refusals(), response_class=Response)
async def answer_survey(prison_id: AskedPrison, db: Db, body: SurveyAnswer) -> Response:
    """Answer with the code from a paper; once. Needs no token, and looks at none: an answer raises
    counters and is kept nowhere, with no time and nobody's name.

    Told that the code cannot be used when you send it again, you were counted the first time.
    """
    await survey_rounds.answer(db, prison_id, body)
    return Response(status_code=204)


@router.get("/{survey_round_id}", response_model=SurveyRoundRead, responses=refusals())
async def read_survey_round(actor: MayReadReport, db: Db, thing: ThisRound) -> Response:
    """One round."""
    return reply(await survey_rounds.shown(db, thing, actor))


@router.post(
    "/{survey_round_id}/codes",
    response_model=SurveyCodesMade,
    responses=refusals(Conflicting, Stale),
)
async def make_survey_codes(
    actor: MayWriteSurvey, db: Db, thing: RoundToChange, body: SurveyCodesCreate
) -> Response:
    """Make codes to print and hand out, one a person. They are shown this once, and kept as
    digests: asked again, there are others."""
    made = await survey_rounds.make_codes(db, thing, body.number)
    return reply(shape("survey_rounds.codes", actor.role).model_validate({"codes": made}))


@router.post(
    "/{survey_round_id}/moves",
    response_model=SurveyRoundRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_survey_round(
    actor: MayWriteSurvey, db: Db, thing: RoundToChange, body: MoveCreate
) -> Response:
    """Close it, and what was answered is counted; or withdraw it, and it never is."""
    await lifecycle.make(db, survey_rounds.SURVEY_ROUND, thing, actor, body)
    return reply(await survey_rounds.shown(db, thing, actor))


@router.get("/{survey_round_id}/history", response_model=Page[HistoryRead], responses=refusals())
async def list_survey_round_history(actor: MayReadReport, db: Db, thing: ThisRound) -> Response:
    """Every move made, oldest first."""
    found = await lifecycle.history_shown(db, thing, actor, "survey_rounds.history")
    return reply(whole(found))
