"""Simulated days: time goes from one thing that happens to the next, and the real engine with it.

Between two things the worker's sweep, which runs each second, would find nothing due; so it is run
when a step falls due, as the worker runs it, and housekeeping within a minute of what it is for.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col

from app import clock, worker
from app.db import Database
from app.errors import Refused
from app.integrations.notify import PageMessage
from app.models.duties import Duty, DutyUpdate
from app.models.escalation_policies import EscalationPolicyCreate
from app.models.moves import MoveCreate
from app.models.staff import Staff, StaffRole, StaffUpdate
from app.scope import everything
from app.services import duties, escalation_policies
from app.services import staff as colleagues
from app.services.concerns.reconciler import reconcile
from app.services.handovers.lapsing import lapse_due
from benchmarks.days import changing, world
from benchmarks.days.acts import Doing
from benchmarks.days.checker import Ledger, Outages, Verdict
from benchmarks.days.world import OnDuty, Site

# Over the night on which the clocks go forward, and the one on which it is none.
FIRST = datetime(2027, 3, 8, tzinfo=UTC)
DELIVERS = 10
"""In every tenth prison the pages are handed to a channel as well, which is half of the work."""
Happens = Callable[[Site, Any], Awaitable[None]]
DUE = """
    SELECT least(
        (SELECT min(next_step_at) FROM concern WHERE status NOT IN ('closed', 'merged_duplicate')),
        (SELECT min(next_step_at) FROM task WHERE status = 'open')) AS at
"""
AGAIN = "UPDATE outbox SET next_attempt_at = NULL WHERE next_attempt_at IS NOT NULL"
PUT_OFF = """
    UPDATE concern SET next_step_at = next_step_at + interval '20 days'
    WHERE id = (SELECT id FROM concern WHERE status NOT IN ('closed', 'merged_duplicate')
                ORDER BY md5(id::text || :salt) LIMIT 1)
"""
SKIPS = """
    CREATE FUNCTION skips() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.next_step_at := NEW.next_step_at + interval '12 hours';
        RETURN NEW;
    END $$;
    CREATE TRIGGER skips BEFORE UPDATE ON concern FOR EACH ROW
        WHEN (NEW.step IS DISTINCT FROM OLD.step AND random() < 0.05) EXECUTE FUNCTION skips();
"""
"""A sweep that loses a step now and then, for the negative control."""


class Paper:
    """A channel that fails now and then."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.sent = self.failed = 0

    async def send(self, page: PageMessage) -> None:
        if self.random.random() < 0.01:
            self.failed += 1
            raise OSError("down")
        self.sent += 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated. `broken`: what is taken out of the engine, as a negative control."""

    seed: str
    prisons: tuple[str, ...]
    days: float
    concerns_a_day: float = 1.0
    breaks_a_day: float = 1 / 3
    broken: frozenset[str] = frozenset()
    first: datetime = FIRST

    @property
    def last(self) -> datetime:
        return self.first + timedelta(days=self.days)


@dataclass
class Days:
    """One run: its prisons, what is to happen, and what was seen."""

    db: Database
    plan: Plan
    verdict: Verdict = field(default_factory=Verdict)
    steps: int = 0
    mended: int = 0

    def __post_init__(self) -> None:
        self.random = Random(f"{self.plan.seed} {self.plan.prisons}")
        self.doing, self.paper = Doing(self.db), Paper(self.random)
        self.heap: list[tuple[datetime, int, Happens, Site, Any]] = []
        self.numbers = count()
        self.sweeps: dict[str, datetime] = {}
        self.outages = Outages(self._outages())
        self.delivering = set(self.plan.prisons[::DELIVERS])

    def _outages(self) -> list[tuple[datetime, datetime]]:
        times, at = [], self.plan.first
        while at < self.plan.last:
            at += timedelta(hours=self.random.expovariate(1 / 20))
            ends = at + timedelta(minutes=self.random.uniform(1, 20))
            times.append((at, ends))
            at = ends
        return times

    async def live(self) -> Verdict:
        """Live all of it, and judge it."""
        clock.set_offset(self.plan.first - clock.real_now())
        sites = []
        for prison_id in self.plan.prisons:
            seed = f"{self.plan.seed} {prison_id}"
            site = await world.settle(self.db, prison_id, seed, self.plan.first, self.plan.last)
            sites.append(site)
        ledgers = {each.prison_id: Ledger(self.db, each.prison_id, self.verdict) for each in sites}
        for site in sites:
            self._plan(site, sites)
        while self.heap:
            at, _, happens, site, given = heappop(self.heap)
            if at > self.plan.last:
                break
            if at > clock.now():
                clock.set_offset(at - clock.real_now())
            await happens(site, given)
            await ledgers[site.prison_id].look(clock.now())
            await self._sweep_when_due(site)
            if happens == self._keeps_house:
                await ledgers[site.prison_id].after_housekeeping(clock.now())
            elif happens == self._sweeps:
                await ledgers[site.prison_id].after_a_sweep(clock.now())
        end = clock.now()
        for site in sites:
            await ledgers[site.prison_id].judge(self.outages, end)
            await changing.judge(self.db, site.prison_id, self.verdict, self.outages, end)
        return self.verdict

    def _then(self, at: datetime, happens: Happens, site: Site, given: Any = None) -> None:
        heappush(self.heap, (at, next(self.numbers), happens, site, given))

    def _soon(self, site: Site) -> None:
        """The worker keeps house within a minute, once there is one."""
        at = clock.now() + timedelta(seconds=site.random.uniform(1, 60))
        self._then(self.outages.up(at), self._keeps_house, site)

    def _plan(self, site: Site, sites: list[Site]) -> None:
        """Everything that comes of itself, at random times."""
        each: list[tuple[float, Happens, Any]] = [
            (self.plan.concerns_a_day, self._raises, None),
            (self.plan.breaks_a_day, self._breaks_a_row, None),
            (1 / 7, self._changes_policy, None),
            (1 / 2, self._goes_off_duty, None),
            (1 / 15, self._leaves, None),
            (1 / 4, self._moves_away, sites),
        ]
        for a_day, happens, given in each:
            at = self.plan.first
            while True:
                at += timedelta(days=site.random.expovariate(a_day))
                if at > self.plan.last:
                    break
                self._then(at, happens, site, given)
        for duty in site.duties:
            at_ = changing.when(site, duty)
            if at_ is not None and at_ < self.plan.last:
                self._then(at_, self._hands_duty_over, site, duty)
        for ends in sorted({duty.ends_at for duty in site.duties}):
            at = ends + timedelta(seconds=site.random.uniform(1, 60))
            if at < self.plan.last:
                self._then(self.outages.up(at), self._keeps_house, site)

    # The engine

    async def _sweep_when_due(self, site: Site) -> None:
        due = (await self.db.fetch(site.prison_id, DUE))[0]["at"]
        if due is None:
            return
        at = self.outages.up(max(due, clock.now() + timedelta(seconds=1)))
        if self.sweeps.get(site.prison_id, at + timedelta(1)) > at:
            self.sweeps[site.prison_id] = at
            self._then(at, self._sweeps, site, at)

    async def _sweeps(self, site: Site, planned: datetime) -> None:
        """A round of the worker over this prison."""
        if self.sweeps.get(site.prison_id) != planned:
            return  # another was planned before it
        del self.sweeps[site.prison_id]
        while (taken := await worker.sweep(self.db, site.prison_id)) == worker.STEPS_A_TURN:
            self.steps += taken
        self.steps += taken
        if site.prison_id in self.delivering:
            if self.paper.failed:  # a page is tried again by the machine's time, not by ours
                async with self.db.write(site.prison_id) as session:
                    await session.execute(text(AGAIN))
            await worker.deliver(self.db, site.prison_id, self.paper)
            await worker.pulse(self.db, site.prison_id)

    async def _keeps_house(self, site: Site, _: Any) -> None:
        """What housekeeping does about concerns; its other chores touch none."""
        if "lapse" not in self.plan.broken:
            async with self.db.write(site.prison_id) as session:
                await lapse_due(session, site.prison_id)
        if not self.plan.broken & {"reconciler", "step"}:
            async with self.db.write(site.prison_id) as session:
                self.mended += await reconcile(session, site.prison_id)

    # The people

    async def _raises(self, site: Site, _: Any) -> None:
        concern_id = await self.doing.raises(site)
        at = clock.now() + timedelta(minutes=site.random.expovariate(1 / 15))
        self._then(at, self._works, site, concern_id)

    async def _works(self, site: Site, concern_id: UUID) -> None:
        pause = await self.doing.next_for(site, concern_id)
        if pause is not None:
            self._then(clock.now() + pause, self._works, site, concern_id)

    async def _moves_away(self, site: Site, sites: list[Site]) -> None:
        others = [each for each in sites if each is not site]
        if others:
            await self.doing.moves_away(site, site.random.choice(others))

    async def _goes_off_duty(self, site: Site, _: Any) -> None:
        """Somebody goes home early, and nobody comes."""
        now = clock.now()
        here = [each for each in site.duties if each.starts_at < now < each.ends_at]
        if not here:
            return
        gone = site.random.choice(here)
        async with self.db.write(site.prison_id) as session:
            found = everything(Duty, site.prison_id).where(col(Duty.id) == gone.duty_id)
            duty = (await session.scalars(found.with_for_update())).one()
            await duties.end(session, gone.actor, duty, DutyUpdate(ends_at=now))
        site.duties.remove(gone)
        self.doing.done["went_off_duty"] += 1
        self._soon(site)

    async def _hands_duty_over(self, site: Site, duty: OnDuty) -> None:
        self._asks(site, await changing.offers(self.doing, site, duty))

    async def _answers(self, site: Site, asked: changing.Asked) -> None:
        self._asks(site, await changing.answers(self.doing, site, asked))

    def _asks(self, site: Site, asked: changing.Asked | None) -> None:
        if asked is not None:
            pause = timedelta(minutes=site.random.expovariate(1 / 12))
            self._then(clock.now() + pause, self._answers, site, asked)

    async def _leaves(self, site: Site, _: Any) -> None:
        """Somebody works here no more."""
        able = site.of(StaffRole.nurse, StaffRole.support_worker, StaffRole.wing_duty)
        if len(able) < 4:
            return
        gone, governor = site.random.choice(able), site.of(StaffRole.governor)[0]
        async with self.db.write(site.prison_id) as session:
            found = everything(Staff, site.prison_id).where(col(Staff.id) == gone.staff_id)
            row = (await session.scalars(found.with_for_update())).one()
            await colleagues.update(session, governor, row, StaffUpdate(active=False))
        site.staff.remove(gone)
        site.duties = [each for each in site.duties if each.actor is not gone]
        self.doing.done["left"] += 1
        self._soon(site)

    async def _changes_policy(self, site: Site, _: Any) -> None:
        """Another policy is put in force, by two people."""
        governor, lead = (
            site.of(role)[0] for role in (StaffRole.governor, StaffRole.mental_health_lead)
        )
        body = EscalationPolicyCreate(policy=world.policy(site.random))
        try:
            async with self.db.write(site.prison_id) as session:
                made = await escalation_policies.create(session, governor, body)
                for actor, to in ((lead, "signed_off"), (governor, "in_force")):
                    await escalation_policies.act(session, actor, made, MoveCreate(to=to))
            self.doing.done["policy"] += 1
        except Refused as refused:
            self.doing.refused[refused.code] += 1

    async def _breaks_a_row(self, site: Site, _: Any) -> None:
        """A next step is put off by three weeks, past the engine: for the reconciler to find."""
        salt = str(site.random.random())
        async with self.db.write(site.prison_id) as session:
            await session.execute(text(PUT_OFF), {"salt": salt})
        self._soon(site)


def prisons(number: int) -> list[str]:
    """So many three-letter prisons."""
    return [f"Y{chr(65 + each // 26)}{chr(65 + each % 26)}" for each in range(number)]
