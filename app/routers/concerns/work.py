"""What people do about a concern, over HTTP."""

from fastapi import APIRouter, Response

from app.access import MayRecordSeen, MayReview, MayWorkConcern
from app.db import Db
from app.errors import Conflicting, MatchNeeded, Stale
from app.models.concerns import (
    AcknowledgeCreate,
    DecisionCreate,
    FeedbackCreate,
    HandoverCreate,
    ImmediacyPut,
    ReceivingSideCreate,
    SeenCreate,
    SubjectPut,
)
from app.problems import refusals
from app.replies import reply
from app.routers.concerns.paths import AnyConcern, ConcernToChange, ConcernToPut
from app.services import concerns
from app.services.concerns import identity, leaving, work

router = APIRouter(prefix="/v1/prisons/{prison_id}/concerns/{concern_id}")
REFUSALS = refusals(Conflicting, Stale)


@router.post("/acknowledgement", response_model=AnyConcern, responses=REFUSALS)
async def acknowledge_concern(
    actor: MayWorkConcern, db: Db, concern: ConcernToChange, body: AcknowledgeCreate
) -> Response:
    """Take the concern up. The ladder stops only when someone on duty has."""
    await work.acknowledge(db, actor, concern, body.at)
    return reply(await concerns.shown(db, concern, actor))


@router.post("/handover", response_model=AnyConcern, responses=REFUSALS)
async def hand_over_concern(
    actor: MayWorkConcern, db: Db, concern: ConcernToChange, body: HandoverCreate
) -> Response:
    """Record the verbal handover of a concern that cannot wait."""
    await work.hand_over(db, actor, concern, body)
    return reply(await concerns.shown(db, concern, actor))


@router.post("/seen", response_model=AnyConcern, responses=REFUSALS)
async def record_person_seen(
    actor: MayRecordSeen, db: Db, concern: ConcernToChange, body: SeenCreate
) -> Response:
    """Record that the person was seen, or why they were not."""
    await work.see(db, actor, concern, body)
    return reply(await concerns.shown(db, concern, actor))


@router.post("/decision", response_model=AnyConcern, responses=REFUSALS)
async def decide_concern(
    actor: MayReview, db: Db, concern: ConcernToChange, body: DecisionCreate
) -> Response:
    """Record the decision; with an ACCT decision where self-harm or suicide is mentioned."""
    await work.decide(db, actor, concern, body)
    return reply(await concerns.shown(db, concern, actor))


@router.put(
    "/immediacy", response_model=AnyConcern, responses=refusals(Conflicting, MatchNeeded, Stale)
)
async def put_immediacy(
    actor: MayReview, db: Db, concern: ConcernToPut, body: ImmediacyPut
) -> Response:
    """Set how soon a person must act. Raising holds at once; lowering needs a second person to
    ask for the same."""
    await work.set_immediacy(db, actor, concern, body)
    return reply(await concerns.shown(db, concern, actor))


@router.put(
    "/subject", response_model=AnyConcern, responses=refusals(Conflicting, MatchNeeded, Stale)
)
async def put_subject(
    actor: MayReview, db: Db, concern: ConcernToPut, body: SubjectPut
) -> Response:
    """Say whom a concern turned out to be about. What was said of them stays."""
    await identity.resolve_subject(db, actor, concern, body)
    return reply(await concerns.shown(db, concern, actor))


@router.post("/receiving-side", response_model=AnyConcern, responses=REFUSALS)
async def record_receiving_side(
    actor: MayReview, db: Db, concern: ConcernToChange, body: ReceivingSideCreate
) -> Response:
    """The person has left: who has it where they went, by name, also where there is no such
    system. Until then it does not close, and its clocks go on."""
    await leaving.receive(db, actor, concern, body)
    return reply(await concerns.shown(db, concern, actor))


@router.post("/sign-off", response_model=AnyConcern, responses=REFUSALS)
async def sign_off_concern(actor: MayReview, db: Db, concern: ConcernToChange) -> Response:
    """A clinician's sign-off, needed to close where the person is a patient."""
    await work.sign_off(db, actor, concern)
    return reply(await concerns.shown(db, concern, actor))


@router.post("/feedback", response_model=AnyConcern, responses=REFUSALS)
async def feed_back_concern(
    actor: MayReview, db: Db, concern: ConcernToChange, body: FeedbackCreate
) -> Response:
    """Tell the mentor who raised it what became of it, or record why that is impossible."""
    await work.feed_back(db, actor, concern, body)
    return reply(await concerns.shown(db, concern, actor))
