"""Who would be paged when: the engine's own decision, driven step by step over the roster."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.config import settings
from app.db import Database
from app.integrations.notify.configured import kinds
from app.models.base import Output
from app.models.concerns import Concern
from app.models.duties import Post
from app.models.escalation_policies import EscalationPolicy, SimulationCreate, SimulationGap
from app.models.mentors import MENTOR_ENDED, Mentor
from app.models.prisons import Prison
from app.models.staff import Staff
from app.rights import Permission
from app.scope import referred
from app.services import deliveries, duties, regimes
from app.services.concerns.clocks import NOWHERE, duty_at
from app.services.concerns.routing import ABOUT_CONDUCT
from app.services.duties import Roster
from app.services.duty_patterns.foreseeing import with_foreseen
from app.services.escalation import ConcernState, Duty, Step, clocks, next_step
from app.services.escalation_policies.standing import read
from app.services.ladders import Ladder, Policy, Target
from app.visibility import shape

G = SimulationGap
A_STEP = timedelta(days=2)  # no step of a policy waits longer


@dataclass(frozen=True, slots=True)
class Taken:
    """One step, when it was taken, and who could be paged then. `reached`: it paged somebody."""

    at: datetime
    step: Step
    duty: Duty

    @property
    def reached(self) -> bool:
        return any(page.to != NOWHERE for page in self.step.pages)

    @property
    def passed_over(self) -> int:
        return self.step.alarms.count("empty_step")


def climb(concern: ConcernState, duty: Callable[[datetime], Duty], steps: int) -> Iterator[Taken]:
    """So many steps of a concern about which nobody does anything, each taken when it is due. It
    ends with one that reaches nobody: the engine leaves that due, and tries again."""
    for _ in range(steps):
        assert concern.next_step_at is not None, "an open concern has a next step"
        at = concern.next_step_at
        here = duty(at)
        step = next_step(concern, here, at)
        assert step is not None, "it is due"
        taken = Taken(at, step, here)
        yield taken
        if not taken.reached:
            return
        concern = replace(concern, step_index=step.new_step_index, next_step_at=step.next_step_at)


def gaps(taken: Taken, ladder: Ladder, woken: Collection[UUID | str]) -> list[dict[str, Any]]:
    """What is missing at the step and those passed over before it, target by target. `woken`: whom
    a page would wake."""
    index = taken.step.step_index
    rungs = ladder[index - taken.passed_over : index + 1]
    targets = dict.fromkeys(target for rung in rungs for target in rung.targets)
    found = [(target, gap) for target in targets if (gap := _gap(target, taken.duty))]
    asleep = [page for page in taken.step.pages if page.to not in {NOWHERE, *woken}]
    return [
        *({"target": target, "gap": gap, "staff_id": None} for target, gap in found),
        *(
            {
                "target": page.target,
                "gap": G.no_contact,
                "staff_id": page.to if isinstance(page.to, UUID) else None,
            }
            for page in asleep
        ),
    ]


def _gap(target: Target | UUID, duty: Duty) -> SimulationGap | None:
    if target is Target.last_resort_outside:
        return G.not_configured if duty.outside == NOWHERE else None
    if isinstance(target, UUID) and target not in duty.working:
        return G.not_working_here
    if target is Target.last_resort:
        inside = duty.last_resort is not None and duty.last_resort not in duty.conflicted
        return None if inside else G.everyone_conflicted
    if duty.who(target):
        return None
    there = isinstance(target, UUID) or duty.on_duty.get(target)
    return G.everyone_conflicted if there else G.nobody_on_duty


async def simulate(
    db: AsyncSession,
    database: Database,
    actor: Actor,
    elsewhere: Collection[Actor],
    policy: EscalationPolicy,
    body: SimulationCreate,
) -> Output:
    """Who would be paged when, if a concern were raised then and nobody did anything."""
    prison = await db.get_one(Prison, actor.prison_id)
    last = body.at + A_STEP * body.steps
    roster = await _roster(db, prison.id, body.at, last)
    concern = await _might_be(db, actor, body)
    state = await _state(db, prison, read(policy), body)
    story = list(climb(state, lambda at: duty_at(roster, concern, prison, at), body.steps))
    staff = {each.id: each for each in roster.working}
    woken = await deliveries.woken(db, prison, roster.working, kinds(settings()))
    others = await _rosters(database, elsewhere, body.at, last)
    return shape("escalation_policies.simulation", actor.role).model_validate(
        {
            "acknowledge_by": state.clocks.acknowledge_by,
            "seen_by": state.clocks.seen_by,
            "decide_by": state.clocks.decide_by,
            "steps": [_shown(state, taken, staff, woken) for taken in story],
            "double_cover": _double(story, roster, staff, others),
            "reaches_nobody": not story[-1].reached,
        }
    )


async def _might_be(db: AsyncSession, actor: Actor, body: SimulationCreate) -> Concern:
    """The concern that is supposed, routed as a real one would be. It is never saved."""
    if body.about_staff_id is not None:
        await referred(db, Staff, actor.prison_id, body.about_staff_id, "about_staff_id")
    known: dict[str, Any] = {"kind": body.kind, "about_staff_id": body.about_staff_id}
    concern = Concern(prison_id=actor.prison_id, about_mentor=False, **known)
    if body.about_mentor_id is not None:
        mentor = await referred(
            db, Mentor, actor.prison_id, body.about_mentor_id, "about_mentor_id"
        )
        works = mentor.status not in MENTOR_ENDED
        concern.about_mentor = works and body.kind in ABOUT_CONDUCT
        concern.about_line_id = mentor.supervisor_id if concern.about_mentor else None
    return concern


async def _state(
    db: AsyncSession, prison: Prison, policy: Policy, body: SimulationCreate
) -> ConcernState:
    lock_up = await regimes.lock_up_after(db, prison.id, body.at)
    own = policy.clocks.get(body.immediacy)
    return ConcernState(
        immediacy=body.immediacy,
        raised_at=body.at,
        clocks=clocks(body.immediacy, body.at, lock_up, prison.tz, own),
        policy=policy,
        next_step_at=body.at,
        verbal_handover_made=body.handed_over,
        lock_up=lock_up,
        zone=prison.tz,
    )


def _shown(
    state: ConcernState,
    taken: Taken,
    staff: Mapping[UUID, Staff],
    woken: Collection[UUID | str],
) -> dict[str, Any]:
    ladder = state.policy.ladder(state.immediacy, taken.at, state.zone)
    pages = [page for page in taken.step.pages if page.to != NOWHERE]
    return {
        "at": taken.at,
        "step": taken.step.step_index,
        "why": taken.step.why,
        "out_of_hours": ladder is not state.policy.ladders[state.immediacy],
        "passed_over": taken.passed_over,
        "pages": [
            {
                "target": page.target,
                "staff_id": page.to if isinstance(page.to, UUID) else None,
                "name": staff[page.to].name if isinstance(page.to, UUID) else None,
            }
            for page in pages
        ],
        "gaps": gaps(taken, ladder, woken),
        "wakes_nobody": not any(page.to in woken for page in pages),
    }


async def _roster(db: AsyncSession, prison_id: str, at: datetime, last: datetime) -> Roster:
    """The duties from an instant on, and up to another what patterns have yet to make."""
    roster = await duties.load(db, prison_id, at, None)
    return await with_foreseen(db, prison_id, roster, at, last)


async def _rosters(
    database: Database, elsewhere: Collection[Actor], at: datetime, last: datetime
) -> dict[str, Roster]:
    """The duties of the other prisons that the caller may read there."""
    found = {}
    for actor in elsewhere:
        if actor.allowed(Permission.duty_read):
            async with database.write(actor.prison_id) as other:
                found[actor.prison_id] = await _roster(other, actor.prison_id, at, last)
    return found


def _double(
    story: Collection[Taken],
    roster: Roster,
    staff: Mapping[UUID, Staff],
    others: Mapping[str, Roster],
) -> list[dict[str, Any]]:
    """Everyone paged who is on duty at two posts at once, or in two prisons; each once."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for taken in story:
        paged = sorted({page.to for page in taken.step.pages if isinstance(page.to, UUID)})
        for staff_id in paged:
            posts = _posts(roster, taken.at, staff[staff_id].subject)
            away = [name for name, other in sorted(others.items())
                    if _posts(other, taken.at, staff[staff_id].subject)]  # fmt: skip
            if posts and (len(posts) > 1 or away):
                line = {"at": taken.at, "staff_id": staff_id, "name": staff[staff_id].name,
                        "posts": posts, "elsewhere": away}  # fmt: skip
                found.setdefault((staff_id, *posts, *away), line)
    return list(found.values())


def _posts(roster: Roster, at: datetime, subject: str) -> list[Post]:
    """The posts that somebody has at an instant; a last resort stands beside any other."""
    ids = {each.id for each in roster.working if each.subject == subject}
    on_duty = roster.on_duty(at)
    return [p for p in Post if p is not Post.last_resort and ids & set(on_duty[p])]
