"""Goals and the coping plan: kept in the mentee's own words, shared with their mentor as they
choose."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid, NotFound
from app.models.base import Disclosure, Output
from app.models.goals import Goal, GoalCreate, GoalKind, GoalStatus, GoalUpdate
from app.models.mentees import Mentee, MenteeStatus
from app.models.prisons import Prison
from app.models.staff import Role
from app.models.texts import VersionRead
from app.scope import everything, referred
from app.services import lifecycle, outbox, texts
from app.services.lifecycle import Context, Lifecycle, Move, Refusal
from app.services.working_days import local_date
from app.visibility import shape

S = GoalStatus
KEPT = ("text", "share_with_mentor")
_WRITERS = frozenset({Role.support_worker, Role.clinician, Role.mentor})
# A plan is made with those who were taken into the scheme, and told so.
IN_THE_SCHEME = frozenset(
    {
        MenteeStatus.accepted,
        MenteeStatus.waiting,
        MenteeStatus.offered,
        MenteeStatus.engaged,
        MenteeStatus.paused,
        MenteeStatus.stepped_up,
    }
)


def is_a_goal(context: Context) -> Refusal | None:
    if context.thing.kind is GoalKind.goal:
        return None
    return Refusal("is_a_goal", "A part of the coping plan is not achieved; it may be dropped.")


MOVES = {
    (S.open, S.achieved): Move(_WRITERS, guards=(is_a_goal,)),
    (S.open, S.dropped): Move(_WRITERS),
}
GOAL = Lifecycle("goals", "goal", GoalStatus, MOVES)


def _check_disclosure(disclosure: Disclosure | None) -> None:
    """Raises Invalid for what would keep it from the mentee: they read all of it, whoever wrote."""
    if disclosure is not None and disclosure not in texts.PRISONERS_CHOICE:
        names = ", ".join(choice.value for choice in texts.PRISONERS_CHOICE)
        message = f"the mentee reads it: must be one of: {names}"
        raise Invalid.field("disclosure", "read_by_the_mentee", message)


async def add(db: AsyncSession, actor: Actor, body: GoalCreate) -> Goal:
    """Write down a goal or a part of the plan. Raises Conflicting for who is not in the scheme,
    NotFound for a prisoner who names anybody's record but their own."""
    _check_disclosure(body.disclosure)
    mentee = await _mentee(db, actor, body)
    if mentee is None or mentee.status not in IN_THE_SCHEME:
        raise Conflicting("Goals are kept with those who were accepted, until their support ends.")
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    today = local_date(clock.now(), zone)
    set_on = body.set_on or today
    if not local_date(mentee.referred_at, zone) <= set_on <= today:
        message = "must not be in the future, nor before the referral"
        raise Invalid.field("set_on", "in_order", message)
    goal = Goal(
        prison_id=actor.prison_id,
        mentee_id=mentee.id,
        set_on=set_on,
        recorded_by=actor.subject,
        **body.model_dump(exclude={"mentee_id", "set_on"}),
    )
    await lifecycle.begin(db, GOAL, goal, actor)
    await texts.keep_first(db, actor, goal, *KEPT)
    return goal


async def _mentee(db: AsyncSession, actor: Actor, body: GoalCreate) -> Mentee | None:
    """Whose it is: a prisoner's own episode, or the one staff name."""
    if actor.family is not Role.mentor:
        if body.mentee_id is None:
            raise Invalid.field("mentee_id", "missing", "say whose it is")
        return await referred(db, Mentee, actor.prison_id, body.mentee_id, "mentee_id")
    own = everything(Mentee, actor.prison_id).where(
        col(Mentee.person_id) == actor.person_id, col(Mentee.status).in_(IN_THE_SCHEME)
    )
    mentee = (await db.execute(own)).scalar_one_or_none()
    if body.mentee_id is not None and (mentee is None or mentee.id != body.mentee_id):
        raise NotFound()
    return mentee


async def check_theirs(db: AsyncSession, actor: Actor, goal: Goal) -> None:
    """Raises NotFound where it may be read, and is another's to write."""
    if not await _may_write(db, actor, goal):
        raise NotFound()


async def _may_write(db: AsyncSession, actor: Actor, goal: Goal) -> bool:
    if actor.family is not Role.mentor:
        return True
    own = everything(Mentee, goal.prison_id).where(
        col(Mentee.id) == goal.mentee_id, col(Mentee.person_id) == actor.person_id
    )
    return (await db.execute(own)).first() is not None


async def update(db: AsyncSession, actor: Actor, goal: Goal, body: GoalUpdate) -> None:
    """Change the words or the tick; what was before stays as versions."""
    await check_theirs(db, actor, goal)
    _check_disclosure(body.disclosure)
    if goal.status is not S.open:
        raise Conflicting("It was achieved or dropped; write down a new one.")
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(goal, name, value)
    outbox.say(db, goal.prison_id, "goal.updated", goal.id)
    await db.flush()
    for field in KEPT:
        await texts.keep(db, actor, goal, field)


async def versions(db: AsyncSession, actor: Actor, goal: Goal) -> list[VersionRead]:
    """What it said each time it was saved, oldest first."""
    return await texts.versions(db, actor, goal, "text")


async def shown(db: AsyncSession, goal: Goal, actor: Actor) -> Output:
    """The goal, with what this actor may do next."""
    theirs = await _may_write(db, actor, goal)
    moves = await lifecycle.options(db, GOAL, goal, actor) if theirs else []
    return shape("goals", actor.role).model_validate({**goal.model_dump(), "moves": moves})
