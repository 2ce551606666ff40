"""The evidence that a mentor may be approved and made active."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid, MoveNotInTable
from app.models.assessments import AssessmentCreate, AssessmentOutcome
from app.models.explanations import ExplanationCreate
from app.models.mentors import (
    MENTOR_ENDED,
    AgreementPut,
    CommitmentPut,
    Mentor,
    MentorStatus,
    Observation,
    ObservationCreate,
    SupervisorPut,
)
from app.models.moves import History
from app.models.placements import Placement
from app.models.prisons import Prison
from app.models.staff import Staff
from app.scope import everything, referred
from app.services import assessments, complaints, explanations, lifecycle, outbox, placements
from app.services.concerns import routing as concern_routing
from app.services.mentors.applying import began_at
from app.services.mentors.moves import MENTOR
from app.services.supervisions import plans as supervision
from app.services.working_days import local_date

SUPERVISORS = {"support_worker", "clinician", "nurse", "mental_health_lead"}


async def record_agreement(
    db: AsyncSession, actor: Actor, mentor: Mentor, body: AgreementPut
) -> None:
    """Record that the role agreement was signed, with what was explained when it was."""
    if body.signed_at > clock.now():
        raise Invalid.field("signed_at", "in_the_future", "must not be in the future")
    if body.signed_at < await began_at(db, mentor):
        message = "must not be before the application began: who comes back signs again"
        raise Invalid.field("signed_at", "before_application", message)
    if body.explained_version is not None and body.explained_language is not None:
        told = ExplanationCreate(
            explained_at=body.signed_at,
            explained_version=body.explained_version,
            explained_language=body.explained_language,
            understood=True,
        )
        await explanations.record(db, actor, mentor.person_id, told)
    mentor.agreement_signed_at = body.signed_at
    outbox.say(db, mentor.prison_id, "mentor.agreement_signed", mentor.id)
    await db.flush()


async def assign_supervisor(db: AsyncSession, mentor: Mentor, body: SupervisorPut) -> None:
    """Assign the member of staff who supervises the mentor; what is open about the mentor goes past
    them from now on."""
    staff = await referred(db, Staff, mentor.prison_id, body.staff_id, "staff_id")
    if not staff.active or staff.role not in SUPERVISORS:
        message = "must be an active support worker or clinician"
        raise Invalid.field("staff_id", "supervisor", message)
    mentor.supervisor_id = staff.id
    outbox.say(db, mentor.prison_id, "mentor.supervisor_assigned", mentor.id, staff_id=staff.id)
    await supervision.follow_supervisor(db, mentor)
    await complaints.follow_supervisor(db, mentor)
    await concern_routing.follow_supervisor(db, mentor)
    await db.flush()


async def set_commitment(
    db: AsyncSession, actor: Actor, mentor: Mentor, body: CommitmentPut
) -> None:
    """Set how much the mentor works. Plans made before stay; the next ones keep the new limit."""
    if mentor.status in MENTOR_ENDED:
        raise MoveNotInTable("This episode as mentor has ended.")
    if mentor.commitment is not body.commitment:
        await lifecycle.mark(db, MENTOR, mentor, actor, f"commitment_{body.commitment}")
    mentor.commitment, mentor.pay_reference = body.commitment, body.pay_reference
    await db.flush()


async def log_observation(
    db: AsyncSession, actor: Actor, mentor: Mentor, body: ObservationCreate
) -> Observation:
    """Log a session observed while shadowing with another mentor, who is or was active: what was
    seen with someone who has left since was seen all the same."""
    if mentor.status not in {MentorStatus.shadowing, MentorStatus.ready_for_sign_off}:
        raise MoveNotInTable("Observed sessions are logged while shadowing.")
    if body.held_at > clock.now():
        raise Invalid.field("held_at", "in_the_future", "must not be in the future")
    name = "observed_mentor_id"
    other = await referred(db, Mentor, mentor.prison_id, body.observed_mentor_id, name)
    history = await lifecycle.history_of(db, mentor)
    began = min(entry.occurred_at for entry in history if entry.to_state == MentorStatus.shadowing)
    if body.held_at < began:
        raise Invalid.field("held_at", "before_shadowing", "must not be before shadowing began")
    if not _shadowed_then(history, body.held_at):
        raise Invalid.field("held_at", "suspended", "the mentor was suspended then")
    if other.person_id == mentor.person_id:
        raise Invalid.field(name, "another_mentor", "must be another mentor")
    if not await _was_ever_active(db, other):
        raise Invalid.field(name, "not_active", "must be a mentor who is or was active")
    await _not_logged_before(db, mentor, body.held_at)
    placement = await _placement(db, mentor, other, body.held_at)
    observation = Observation(
        prison_id=mentor.prison_id,
        mentor_id=mentor.id,
        placement_id=placement.id,
        **body.model_dump(exclude={"assessed"}),
    )
    db.add(observation)
    outbox.say(db, mentor.prison_id, "mentor.observation_logged", mentor.id)
    await db.flush()
    if body.assessed:
        meets = AssessmentCreate(outcome=AssessmentOutcome.meets)
        await assessments.assess(db, actor, mentor, observation, meets)
    return observation


async def _not_logged_before(db: AsyncSession, mentor: Mentor, held_at: datetime) -> None:
    """A session that two enter, or one twice, counts once: nobody observes two in one instant. The
    mentor is locked."""
    same = everything(Observation, mentor.prison_id).where(
        col(Observation.mentor_id) == mentor.id, col(Observation.held_at) == held_at
    )
    if (await db.scalars(same)).first() is not None:
        message = "a session observed then is logged already"
        raise Invalid.field("held_at", "logged_already", message)


def _shadowed_then(history: list[History], held_at: datetime) -> bool:
    """Whether the mentor was in shadowing at that time, by their moves."""
    moves = [each for each in history if each.from_state != each.to_state]
    before = [each.to_state for each in moves if each.occurred_at <= held_at]
    return bool(before) and before[-1] in {MentorStatus.shadowing, MentorStatus.ready_for_sign_off}


async def _placement(
    db: AsyncSession, mentor: Mentor, host: Mentor, held_at: datetime
) -> Placement:
    """The placement in which a session was observed, by the days of the prison."""
    prison = await db.get_one(Prison, mentor.prison_id)
    day = local_date(held_at, prison.tz)
    found = placements.covering(await placements.of_mentor(db, mentor), host.id, day, prison)
    if found is None:
        message = "the mentor was not placed with this one on that day"
        raise Invalid.field("observed_mentor_id", "no_placement", message)
    return found


async def _was_ever_active(db: AsyncSession, mentor: Mentor) -> bool:
    if mentor.status is MentorStatus.active:
        return True
    history = await lifecycle.history_of(db, mentor)
    return any(entry.to_state == MentorStatus.active for entry in history)
