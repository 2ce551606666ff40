"""A state machine over the lives of concerns: raised, also while the network is lost; acknowledged,
seen, decided; duties swapped; time passing, with and without a worker. Whatever comes in whatever
order, what was answered 201 is there once, and every open concern has a next step that reaches
somebody.

CONCERN_LIVES sets how many worlds are lived, of up to thirty things each; more for a long run.
"""

import asyncio
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase
from hypothesis import settings as tried
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from app import clock, worker
from app.config import Settings
from app.db import Database
from app.integrations.notify.log import LogChannel
from app.main import create_app
from app.models.prisons import Prison
from app.models.staff import StaffRole
from app.runtime import open_database
from app.services.escalation import Immediacy
from app.tokens import DevelopmentIssuer, verifier_for
from benchmarks.days.checker import Ledger, Outages, Verdict
from tests.concerns.conftest import concern
from tests.story import Caller, Wing, new_prison_id

WORLDS = int(os.environ.get("CONCERN_LIVES", "3"))
A_WORLD = 30
CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()
"""
DUE = (
    "SELECT min(next_step_at) AS at FROM concern WHERE status NOT IN ('closed', 'merged_duplicate')"
)
SAID = [None, "now", "this_session", "within_24h", "routine"]


class Night:
    """One prison, and what has been answered."""

    def __init__(self, http: httpx.AsyncClient, db: Database, issuer: DevelopmentIssuer) -> None:
        self.prison_id = new_prison_id()
        self.wing = Wing(http, db, issuer, self.prison_id)
        self.verdict = Verdict()
        self.ledger = Ledger(db, self.prison_id, self.verdict)
        self.raised: list[str] = []
        self.duties: dict[str, str] = {}
        self.gone: list[tuple[datetime, datetime]] = []
        self.db = db
        self.things = self.cut = 0

    async def opens(self) -> None:
        async with self.db.sessions() as session, session.begin():
            session.add(Prison(id=self.prison_id, name="HMP Lives", outside_last_resort="desk"))
        await self.wing.open()
        for caller, post in (
            (self.wing.clinician, "clinician"),
            (self.wing.support_worker, "support_worker"),
            (self.wing.officer, "orderly_officer"),
            (self.wing.governor, "last_resort"),
        ):
            await self.comes_on(caller, post)
        self.others = {
            "clinician": self.wing.nurse,
            "support_worker": await self.wing.hires(StaffRole.support_worker),
        }
        clock.forward(seconds=1)

    async def comes_on(self, caller: Caller, post: str) -> None:
        body = {"staff_id": str(caller.staff_id), "post": post}
        body["starts_at"] = clock.spell(clock.now())
        self.duties[post] = (await self.wing.governor.post("duties", body))["id"]

    async def raises(self, body: dict[str, Any], *, lost: bool) -> None:
        """Under one key until it is answered; with `lost` every connection is cut meanwhile."""
        headers = {"Idempotency-Key": f"key-{len(self.raised)}"}
        for again in range(20):
            asked = self.wing.support_worker.request("POST", "concerns", json=body, headers=headers)
            asking = asyncio.create_task(asked)
            if lost and again == 0:
                await asyncio.sleep(0.002 * (len(self.raised) % 8))
                while not asking.done():
                    await self.db.fetchval(CUT)
            answer = await asking
            if answer.status_code == 201:
                self.raised.append(answer.json()["id"])
                return
            self.cut += 1
            assert answer.status_code >= 500, answer.text
            assert answer.json()["detail"].startswith("NOT SAVED")
        raise AssertionError("it was never answered")

    async def acts(self, what: str, which: int, *, on_duty: bool) -> None:
        """Somebody does something about one of them; what is refused changes nothing."""
        caller = self.wing.clinician if on_duty else self.wing.nurse
        path = f"concerns/{self.raised[which % len(self.raised)]}"
        bodies: dict[str, dict[str, Any]] = {
            "acknowledgement": {},
            "seen": {},
            "handover": {"to": "Officer Testwick", "at": clock.spell(clock.now())},
            "decision": {"decision": "Seen daily.", "acct_decision": "already_open"},
        }
        answer = await caller.request("POST", f"{path}/{what}", json=bodies[what])
        assert answer.status_code < 500, answer.text

    async def sets(self, which: int, to: Immediacy) -> None:
        caller = (self.wing.clinician, self.wing.support_worker)[which % 2]
        path = f"concerns/{self.raised[which % len(self.raised)]}/immediacy"
        body = {"immediacy": to.value, "reason": "Looked at again."}
        headers = {"If-Match": "*"}
        answer = await caller.request("PUT", path, json=body, headers=headers)
        assert answer.status_code < 500, answer.text

    async def swaps(self, post: str) -> None:
        """Whoever is on duty goes, and somebody else comes, or comes back."""
        now = clock.spell(clock.now())
        path = f"duties/{self.duties[post]}"
        await self.wing.governor.patch(path, {"ends_at": now})
        clock.forward(seconds=1)
        here = {"clinician": self.wing.clinician, "support_worker": self.wing.support_worker}
        self.others[post], coming = here[post], self.others[post]
        setattr(self.wing, post, coming)
        if post == "clinician":
            self.wing.nurse = self.others[post]
        await self.comes_on(coming, post)
        clock.forward(seconds=30)
        assert await worker.housekeeping(self.db, self.prison_id) == 0

    async def passes(self, minutes: int, channel: LogChannel) -> None:
        """Time passes with a worker: from one step to the next."""
        end = clock.now() + timedelta(minutes=minutes)
        while True:
            await worker.sweep(self.db, self.prison_id)
            await worker.deliver(self.db, self.prison_id, channel)
            row = await self.db.fetchrow(self.prison_id, DUE)
            due = row["at"] if row else None
            if due is None or due > end:
                break
            clock.forward(seconds=max(0.001, (due - clock.now()).total_seconds()))
            await self.ledger.look(clock.now())
        clock.forward(seconds=max(0.001, (end - clock.now()).total_seconds()))

    async def fails(self, minutes: int) -> None:
        """Time passes without any worker."""
        began = clock.now()
        clock.forward(minutes=minutes)
        self.gone.append((began, clock.now()))
        await worker.sweep(self.db, self.prison_id)

    async def sound(self) -> None:
        """What was answered is there, once each; and nothing is left without a next step."""
        self.things += 1
        await self.ledger.look(clock.now())
        found = await self.db.fetch(self.prison_id, "SELECT id FROM concern")
        assert sorted(str(row["id"]) for row in found) == sorted(self.raised)
        await worker.sweep(self.db, self.prison_id)
        await self.ledger.after_a_sweep(clock.now())
        await self.ledger.after_housekeeping(clock.now())

    async def judged(self) -> None:
        await self.ledger.judge(Outages(self.gone), clock.now())
        harm = (
            self.verdict.open_without_next_step,
            self.verdict.held_by_nobody,
            self.verdict.missed_unescalated,
            self.verdict.fell_silent,
        )
        assert not any(harm), self.verdict.told


def test_whatever_is_done_in_whatever_order_no_concern_is_lost(settings: Settings) -> None:
    seen = {"things": 0, "cut": 0, "raised": 0, "pages": 0, "deadlines": 0}
    with asyncio.Runner() as runner, TemporaryDirectory() as folder:
        assert settings.database_url
        db = runner.run(open_database(settings, settings.database_url))
        config = settings.model_copy(update={"var_dir": Path(folder)})  # what is cut may be spooled
        app = create_app(config)
        app.state.database, app.state.verifier = db, verifier_for(config)
        issuer = app.state.verifier.keys
        assert isinstance(issuer, DevelopmentIssuer)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        http = httpx.AsyncClient(transport=transport, base_url="http://wellwing")
        channel = LogChannel(Path(folder) / "pages.ndjson")

        class Machine(RuleBasedStateMachine):
            """A prison of its own."""

            @initialize(first=st.sampled_from(SAID), second=st.sampled_from(SAID))
            def begins(self, first: str | None, second: str | None) -> None:
                clock.set_offset(timedelta())
                self.night = Night(http, db, issuer)
                runner.run(self.night.opens())
                for immediacy, lost in ((first, True), (second, False)):
                    runner.run(self.night.raises(concern(immediacy=immediacy), lost=lost))

            @rule(immediacy=st.sampled_from(SAID), lost=st.booleans())
            def somebody_raises(self, immediacy: str | None, lost: bool) -> None:
                runner.run(self.night.raises(concern(immediacy=immediacy), lost=lost))
                runner.run(self.night.sound())

            @rule(
                what=st.sampled_from(["acknowledgement", "seen", "handover", "decision"]),
                which=st.integers(0, 9),
                on_duty=st.booleans(),
            )
            def somebody_acts(self, what: str, which: int, on_duty: bool) -> None:
                runner.run(self.night.acts(what, which, on_duty=on_duty))
                runner.run(self.night.sound())

            @rule(which=st.integers(0, 9), to=st.sampled_from(Immediacy))
            def it_is_looked_at_again(self, which: int, to: Immediacy) -> None:
                runner.run(self.night.sets(which, to))
                runner.run(self.night.sound())

            @rule(post=st.sampled_from(["clinician", "support_worker"]))
            def they_swap(self, post: str) -> None:
                runner.run(self.night.swaps(post))
                runner.run(self.night.sound())

            @rule(minutes=st.integers(1, 90))
            def time_passes(self, minutes: int) -> None:
                runner.run(self.night.passes(minutes, channel))
                runner.run(self.night.sound())

            @rule(minutes=st.integers(1, 90))
            def the_worker_is_gone(self, minutes: int) -> None:
                runner.run(self.night.fails(minutes))
                runner.run(self.night.sound())

            def teardown(self) -> None:
                if hasattr(self, "night"):
                    runner.run(self.night.judged())
                    seen["things"] += self.night.things
                    seen["cut"] += self.night.cut
                    seen["raised"] += len(self.night.raised)
                    seen["pages"] += self.night.verdict.pages
                    seen["deadlines"] += self.night.verdict.deadlines

        for _ in range(3):  # whether a cut meets somebody who waits, the machine's speed decides
            run_state_machine_as_test(
                Machine,
                settings=tried(
                    max_examples=WORLDS,
                    stateful_step_count=A_WORLD,
                    deadline=None,
                    derandomize=True,
                    database=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                ),
            )
            if seen["cut"]:
                break
        runner.run(http.aclose())
        runner.run(db.close())
    sys.stdout.write(f"{seen}\n")
    assert all(seen.values())
