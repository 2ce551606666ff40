"""Assessments of observed sessions: by staff, once each; and the view of the mentor observed."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.errors import NotFound
from app.models.assessments import Assessment, AssessmentCreate, AssessmentOutcome
from app.models.base import Output
from app.models.mentors import Mentor, Observation
from app.models.placements import Placement
from app.models.staff import Role
from app.scope import everything
from app.services import outbox, texts
from app.visibility import shape


async def assess(
    db: AsyncSession, actor: Actor, mentor: Mentor, observation: Observation, body: AssessmentCreate
) -> Assessment:
    """What a member of staff thinks of an observed session. A second one of theirs is refused by
    the database. A mentor assesses nobody here: a host has their own place for it."""
    if actor.family is Role.mentor or observation.mentor_id != mentor.id:
        raise NotFound()
    made = _made(actor, observation, body)
    made.assessor_id = actor.staff_id
    return await _keep(db, observation, made)


async def tell_hosts_view(
    db: AsyncSession,
    actor: Actor,
    placement: Placement,
    observation: Observation,
    body: AssessmentCreate,
) -> Assessment:
    """What the mentor observed thinks of it: over their own token, or entered for them. Whoever
    shadowed finds nothing here. A second view is refused by the database."""
    own = actor.family is Role.mentor
    if observation.placement_id != placement.id or (own and placement.host_id != actor.mentor_id):
        raise NotFound()
    texts.check_choice(actor, body.disclosure)
    made = _made(actor, observation, body)
    made.host_id = placement.host_id
    return await _keep(db, observation, made)


def _made(actor: Actor, observation: Observation, body: AssessmentCreate) -> Assessment:
    return Assessment(
        prison_id=observation.prison_id,
        observation_id=observation.id,
        mentor_id=observation.mentor_id,
        recorded_by=actor.subject,
        **body.model_dump(),
    )


async def _keep(db: AsyncSession, observation: Observation, made: Assessment) -> Assessment:
    """Save it. The first of staff who finds that it meets the standard stands on the observation:
    what the guard of becoming active asks for."""
    db.add(made)
    meets = made.outcome is AssessmentOutcome.meets
    if meets and made.assessor_id is not None and observation.assessor_id is None:
        observation.assessor_id = made.assessor_id
    outbox.say(db, made.prison_id, "mentor.observation_assessed", made.mentor_id)
    await db.flush()
    return made


async def observation_of(db: AsyncSession, placement: Placement, row_id: object) -> Observation:
    """An observation of a placement, held until the commit; NotFound where it is of another."""
    found = everything(Observation, placement.prison_id).where(
        col(Observation.id) == row_id, col(Observation.placement_id) == placement.id
    )
    row = (await db.execute(found.with_for_update())).scalar_one_or_none()
    if row is None:
        raise NotFound()
    return row


async def seen_by_host(db: AsyncSession, placement: Placement, actor: Actor) -> Sequence[Output]:
    """The sessions observed in a placement, as their host may know them, oldest first. Whoever
    shadowed reads of them elsewhere, and nothing of the host's view."""
    if actor.family is Role.mentor and placement.host_id != actor.mentor_id:
        return []
    found = everything(Observation, placement.prison_id).where(
        col(Observation.placement_id) == placement.id
    )
    views = everything(Assessment, placement.prison_id).where(
        col(Assessment.host_id) == placement.host_id,
        col(Assessment.mentor_id) == placement.mentor_id,
    )
    said = {each.observation_id: each.outcome for each in await db.scalars(views)}
    wanted = shape("placements.observations", actor.role)
    in_order = found.order_by(col(Observation.held_at), col(Observation.id))
    return [
        wanted.model_validate({**row.model_dump(), "host_outcome": said.get(row.id)})
        for row in await db.scalars(in_order)
    ]
