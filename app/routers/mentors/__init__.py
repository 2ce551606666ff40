"""Mentors over HTTP: their life (here), and what governors decide (`deciding.py`)."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import select
from sqlmodel import Field, col

from app.access import (
    MayApply,
    MayAssessObservation,
    MayClear,
    MayCorrectMentor,
    MayMoveMentor,
    MayReadMentor,
    MayRecordEvidence,
)
from app.db import Db, ReadDb
from app.errors import (
    AlreadyExists,
    GuardsUnmet,
    KeyReused,
    MatchNeeded,
    MoveNotInTable,
    MoveNotYours,
    NotHere,
    SecondPersonNeeded,
    Stale,
    TooEarly,
)
from app.models.assessments import (
    Assessment,
    AssessmentCreate,
    AssessmentForMentor,
    AssessmentRead,
)
from app.models.clearances import ClearancePut, ExtensionCreate
from app.models.mentors import (
    AgreementPut,
    CommitmentPut,
    Mentor,
    MentorCreate,
    MentorForClinician,
    MentorOwn,
    MentorOwnRow,
    MentorRead,
    MentorRow,
    MentorStatus,
    Observation,
    ObservationCreate,
    ObservationForMentor,
    ObservationRead,
    ShadowingRead,
    SupervisorPut,
    SuspensionReviewCreate,
)
from app.models.moves import (
    HistoryBare,
    HistoryCoarse,
    HistoryForMentor,
    HistoryRead,
    MoveCreate,
)
from app.models.people import Person
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.routers.mentors import deciding
from app.services import assessments, clearances, mentors
from app.services.mentors import evidence, progress
from app.visibility import MATRIX, shape

own = APIRouter(prefix="/v1/prisons/{prison_id}/mentors")
ThisMentor = Annotated[Mentor, Depends(to_read(Mentor, "mentor_id"))]
MentorToMove = Annotated[Mentor, Depends(to_change(Mentor, "mentor_id", match=False))]
ThisObservation = Annotated[Observation, Depends(to_read(Observation, "observation_id"))]
MentorToPut = Annotated[Mentor, Depends(to_change(Mentor, "mentor_id", match=True))]
AnyMentor = MentorRead | MentorForClinician | MentorOwn

_NAME = (
    select(col(Person.display_name))
    .where(
        col(Person.prison_id) == col(Mentor.prison_id),
        col(Person.id) == col(Mentor.person_id),
    )
    .scalar_subquery()
)
LIST = Listing(
    Mentor,
    MATRIX["mentors.row"],
    filters={
        "status": lambda value: col(Mentor.status) == value,
        "person_id": lambda value: col(Mentor.person_id) == value,
        "campaign_id": lambda value: col(Mentor.campaign_id) == value,
        "supervisor_id": lambda value: col(Mentor.supervisor_id) == value,
    },
    sorts={"recorded_at": col(Mentor.recorded_at)},
    computed={"display_name": _NAME},
)
OBSERVATIONS = Listing(
    Observation,
    MATRIX["mentors.observations"],
    filters={"mentor_id": lambda value: col(Observation.mentor_id) == value},
    sorts={"held_at": col(Observation.held_at)},
)
ASSESSMENTS = Listing(
    Assessment,
    MATRIX["mentors.assessments"],
    filters={"mentor_id": lambda value: col(Assessment.mentor_id) == value},
    sorts={"recorded_at": col(Assessment.recorded_at)},
)


class MentorQuery(PageQuery):
    status: MentorStatus | None = None
    person_id: UUID | None = None
    campaign_id: UUID | None = None
    supervisor_id: UUID | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@own.get("", response_model=Page[MentorRow | MentorOwnRow], responses=refusals())
async def list_mentors(
    actor: MayReadMentor, db: ReadDb, request: Request, query: Annotated[MentorQuery, Query()]
) -> Response:
    """Mentors of the prison; a mentor finds only themselves."""
    return await LIST.page(request, db, actor, query, query.sort)


@own.post(
    "",
    status_code=201,
    response_model=AnyMentor,
    responses=refusals(AlreadyExists, KeyReused, TooEarly, NotHere),
)
async def apply_as_mentor(actor: MayApply, db: Db, body: MentorCreate, once: JustOnce) -> Response:
    """Begin an application to become a mentor."""
    mentor = await mentors.apply(db, actor, body)
    shown = await mentors.shown(db, mentor, actor)
    return await once.created(shown, location=f"mentors/{mentor.id}")


@own.get("/{mentor_id}", response_model=AnyMentor, responses=refusals())
async def read_mentor(actor: MayReadMentor, db: Db, mentor: ThisMentor) -> Response:
    """One mentor, with what you may do next."""
    return reply(await mentors.shown(db, mentor, actor))


@own.post(
    "/{mentor_id}/moves",
    response_model=AnyMentor,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, AlreadyExists, Stale),
)
async def move_mentor(
    actor: MayMoveMentor, db: Db, mentor: MentorToMove, body: MoveCreate
) -> Response:
    """Move a mentor to another state. Unmet guards are refused all at once, each with its code."""
    await mentors.make_move(db, actor, mentor, body)
    return reply(await mentors.shown(db, mentor, actor))


@own.get(
    "/{mentor_id}/history",
    response_model=Page[HistoryRead | HistoryCoarse | HistoryBare | HistoryForMentor],
    responses=refusals(),
)
async def list_mentor_history(actor: MayReadMentor, db: Db, mentor: ThisMentor) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await mentors.history_shown(db, mentor, actor)))


@own.post(
    "/{mentor_id}/correction",
    response_model=MentorRead | MentorForClinician,
    responses=refusals(MoveNotInTable, SecondPersonNeeded, GuardsUnmet, AlreadyExists, Stale),
)
async def correct_mentor_end(actor: MayCorrectMentor, db: Db, mentor: MentorToMove) -> Response:
    """Ask that a wrong transferred, released or deceased be undone; a second person undoes it."""
    await mentors.correct_end(db, actor, mentor)
    return reply(await mentors.shown(db, mentor, actor))


@own.put(
    "/{mentor_id}/clearance", response_model=MentorRead, responses=refusals(MatchNeeded, Stale)
)
async def put_clearance(
    actor: MayClear, db: Db, mentor: MentorToPut, body: ClearancePut
) -> Response:
    """Record the outcome of security clearance, never the material it rests on."""
    await clearances.record(db, actor, mentor, body)
    return reply(await mentors.shown(db, mentor, actor))


@own.post(
    "/{mentor_id}/clearance/extension",
    response_model=MentorRead,
    responses=refusals(GuardsUnmet, Stale),
)
async def extend_clearance(
    actor: MayClear, db: Db, mentor: MentorToMove, body: ExtensionCreate
) -> Response:
    """Extend the clearance that stands, once and within the prison's bounds."""
    await clearances.extend(db, actor, mentor, body)
    return reply(await mentors.shown(db, mentor, actor))


@own.post(
    "/{mentor_id}/suspension-review",
    response_model=MentorRead,
    responses=refusals(GuardsUnmet, Stale),
)
async def review_suspension(
    actor: MayClear, db: Db, mentor: MentorToMove, body: SuspensionReviewCreate
) -> Response:
    """Uphold a suspension and set its next review. To end it, move the mentor."""
    await mentors.uphold_suspension(db, actor, mentor, body)
    return reply(await mentors.shown(db, mentor, actor))


@own.put(
    "/{mentor_id}/commitment",
    response_model=MentorRead,
    responses=refusals(MatchNeeded, MoveNotInTable, Stale),
)
async def put_commitment(
    actor: MayRecordEvidence, db: Db, mentor: MentorToPut, body: CommitmentPut
) -> Response:
    """Set how much the mentor works, and the pointer to their pay."""
    await evidence.set_commitment(db, actor, mentor, body)
    return reply(await mentors.shown(db, mentor, actor))


@own.put(
    "/{mentor_id}/agreement", response_model=MentorRead, responses=refusals(MatchNeeded, Stale)
)
async def put_agreement(
    actor: MayRecordEvidence, db: Db, mentor: MentorToPut, body: AgreementPut
) -> Response:
    """Record that the role agreement was signed, and what was explained of confidentiality."""
    await evidence.record_agreement(db, actor, mentor, body)
    return reply(await mentors.shown(db, mentor, actor))


@own.put(
    "/{mentor_id}/supervisor", response_model=MentorRead, responses=refusals(MatchNeeded, Stale)
)
async def put_supervisor(
    actor: MayRecordEvidence, db: Db, mentor: MentorToPut, body: SupervisorPut
) -> Response:
    """Assign the mentor's supervisor."""
    await evidence.assign_supervisor(db, mentor, body)
    return reply(await mentors.shown(db, mentor, actor))


@own.get(
    "/{mentor_id}/observations",
    response_model=Page[ObservationRead | ObservationForMentor],
    responses=refusals(),
)
async def list_observations(
    actor: MayReadMentor,
    db: ReadDb,
    request: Request,
    mentor: ThisMentor,
    query: Annotated[PageQuery, Query()],
) -> Response:
    """Sessions observed while shadowing, oldest first."""
    return await OBSERVATIONS.page(request, db, actor, query, "held_at", mentor_id=mentor.id)


@own.post(
    "/{mentor_id}/observations",
    status_code=201,
    response_model=ObservationRead,
    responses=refusals(MoveNotInTable, KeyReused, Stale),
)
async def log_observation(
    actor: MayRecordEvidence,
    db: Db,
    mentor: MentorToMove,
    body: ObservationCreate,
    once: JustOnce,
) -> Response:
    """Log a session observed while shadowing."""
    observation = await evidence.log_observation(db, actor, mentor, body)
    shown = shape("mentors.observations", actor.role).model_validate(observation)
    return await once.created(shown)


@own.post(
    "/{mentor_id}/observations/{observation_id}/assessment",
    status_code=201,
    response_model=AssessmentRead,
    responses=refusals(AlreadyExists, KeyReused, Stale),
)
async def assess_observation(
    actor: MayAssessObservation,
    db: Db,
    mentor: MentorToMove,
    observation: ThisObservation,
    body: AssessmentCreate,
    once: JustOnce,
) -> Response:
    """What you, of staff, think of an observed session; once each."""
    made = await assessments.assess(db, actor, mentor, observation, body)
    return await once.created(shape("mentors.assessments", actor.role).model_validate(made))


@own.get(
    "/{mentor_id}/assessments",
    response_model=Page[AssessmentRead | AssessmentForMentor],
    responses=refusals(),
)
async def list_assessments(
    actor: MayReadMentor,
    db: ReadDb,
    request: Request,
    mentor: ThisMentor,
    query: Annotated[PageQuery, Query()],
) -> Response:
    """What was thought of the sessions a mentor observed; a mentor finds staff's outcomes."""
    return await ASSESSMENTS.page(request, db, actor, query, "recorded_at", mentor_id=mentor.id)


@own.get("/{mentor_id}/shadowing", response_model=ShadowingRead, responses=refusals())
async def read_shadowing(actor: MayReadMentor, db: Db, mentor: ThisMentor) -> Response:
    """How far the shadowing is: its clock, what was observed, and what is still missing."""
    return reply(await progress.shadowing(db, mentor, actor))


router = APIRouter(tags=["mentors"])
router.include_router(deciding.router)  # before what stands at an id
router.include_router(own)
