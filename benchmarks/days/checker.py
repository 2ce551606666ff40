"""A second opinion on what the engine did. It knows the domain's rules and the rows, and none of
the engine's code: every deadline that nobody met was escalated, and no ladder fell silent.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from app.db import Database

BOUND = timedelta(seconds=90)
DAY = timedelta(days=1)
OPEN = "status NOT IN ('closed', 'merged_duplicate')"
LOOK = f"""
    SELECT id, immediacy, acknowledge_by, seen_by, decide_by,
        accepted_on_duty_at IS NOT NULL AS accepted, seen_at IS NOT NULL AS seen,
        decided_at IS NOT NULL AS decided, decided_at, handed_over_at IS NOT NULL AS handed_over,
        (SELECT max(m::int) FROM jsonb_path_query(
            jsonb_build_array(policy->'ladders'->immediacy,
                              policy->'out_of_hours'->'ladders'->immediacy),
            '$[*][*].after_minutes') AS m) AS longest,
        (policy->>'handover_every_minutes')::int AS handover_every
    FROM concern WHERE {OPEN}
"""
LOST = f"SELECT count(*) FROM concern WHERE {OPEN} AND (next_step_at IS NULL OR next_step_at <= $1)"
PUT_OFF = f"""
    SELECT count(*) FROM concern
    WHERE {OPEN} AND next_step_at > $1::timestamptz + interval '7 days'
"""
NOBODYS = f"""
    SELECT count(*) FROM concern c WHERE {OPEN} AND accepted_on_duty_at IS NOT NULL
    AND decided_at IS NULL AND NOT EXISTS (
        SELECT FROM duty d JOIN staff s ON s.id = d.staff_id AND s.prison_id = d.prison_id
        WHERE s.active AND s.id = c.accepted_by_staff_id AND d.starts_at <= $1
        AND (d.ends_at IS NULL OR d.ends_at > $1))
"""


@dataclass(frozen=True, slots=True)
class Look:
    """How an open concern was found at a time; None: it was no longer open."""

    at: datetime
    row: dict[str, Any] | None


@dataclass
class Verdict:
    """What was found wrong, and how much was looked at."""

    concerns: int = 0
    deadlines: int = 0
    pages: int = 0
    handovers: int = 0
    open_without_next_step: int = 0
    held_by_nobody: int = 0
    missed_unescalated: int = 0
    fell_silent: int = 0
    paged_though_about_them: int = 0
    unanswered_untold: int = 0
    worst_late: timedelta = timedelta()
    told: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        if len(self.told) < 10:
            self.told.append(text)


@dataclass
class Ledger:
    """Every concern of one prison, looked at after everything that happened."""

    db: Database
    prison_id: str
    verdict: Verdict
    looks: defaultdict[UUID, list[Look]] = field(default_factory=lambda: defaultdict(list))
    open: dict[UUID, dict[str, Any]] = field(default_factory=dict)

    async def look(self, at: datetime) -> None:
        """Note what has changed of what is open."""
        found = {row["id"]: dict(row) for row in await self.db.fetch(self.prison_id, LOOK)}
        for concern_id, row in found.items():
            if self.open.get(concern_id) != row:
                self.looks[concern_id].append(Look(at, row))
        for concern_id in self.open.keys() - found.keys():
            self.looks[concern_id].append(Look(at, None))
        self.open = found

    async def after_a_sweep(self, at: datetime) -> None:
        """Nothing is due any more, and everything open has its next step."""
        lost = await self._count(LOST, at - timedelta(seconds=30), "without a next step")
        self.verdict.open_without_next_step += lost

    async def after_housekeeping(self, at: datetime) -> None:
        """No next step is later than the slowest deadline; what is accepted is held by somebody."""
        self.verdict.open_without_next_step += await self._count(PUT_OFF, at, "put off for ever")
        self.verdict.held_by_nobody += await self._count(NOBODYS, at, "held by nobody")

    async def _count(self, query: str, at: datetime, what: str) -> int:
        found = await self.db.fetchrow(self.prison_id, query, at)
        number: int = found["count"] if found is not None else 0
        if number:
            self.verdict.say(f"{self.prison_id}: {number} {what} at {at}")
        return number

    async def judge(self, outages: "Outages", end: datetime) -> None:
        """Hold every look against the pages that went out."""
        pages = defaultdict[UUID, list[datetime]](list)
        rows = await self.db.fetch(
            self.prison_id,
            "SELECT n.concern_id, n.recorded_at, n.staff_id = c.about_staff_id AS theirs"
            " FROM notification n JOIN concern c ON c.id = n.concern_id ORDER BY n.recorded_at",
        )
        for row in rows:
            pages[row["concern_id"]].append(row["recorded_at"])
            self.verdict.paged_though_about_them += bool(row["theirs"])
        self.verdict.pages += len(rows)
        for concern_id, looks in self.looks.items():
            self.verdict.concerns += 1
            ends = [*[each.at for each in looks[1:]], end]
            for look, until in zip(looks, ends, strict=True):
                if look.row is not None:
                    one = _Stretch(concern_id, look.row, look.at, until, pages[concern_id], outages)
                    one.judge(self.verdict)


@dataclass(frozen=True, slots=True)
class Outages:
    """When no worker was there."""

    times: Sequence[tuple[datetime, datetime]]

    def up(self, at: datetime) -> datetime:
        """The first time from then on at which one is."""
        return next((end for begin, end in self.times if begin <= at < end), at)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A time in which nothing changed of a concern but its ladder."""

    concern_id: UUID
    row: dict[str, Any]
    begins: datetime
    ends: datetime
    pages: list[datetime]
    outages: Outages

    def judge(self, verdict: Verdict) -> None:
        self._deadlines(verdict)
        edges = [each for each in self._unmet() if self.begins < each < self.ends]
        times = [self.begins, *sorted(edges), self.ends]
        for begins, ends in pairwise(times):
            self._ladder(begins, ends, verdict)

    def _unmet(self) -> list[datetime]:
        row = self.row
        done = (("accepted", "acknowledge_by"), ("seen", "seen_by"), ("decided", "decide_by"))
        return [row[by] for name, by in done if not row[name]]

    def _deadlines(self, verdict: Verdict) -> None:
        for deadline in self._unmet():
            if not self.begins <= deadline < self.ends:
                continue
            verdict.deadlines += 1
            by = self.outages.up(deadline) + BOUND
            place = bisect_left(self.pages, deadline)
            paged = self.pages[place] if place < len(self.pages) else None
            if paged is not None and paged <= by:
                late = paged - self.outages.up(deadline)
                verdict.worst_late = max(verdict.worst_late, late)
            elif by < self.ends:
                verdict.missed_unescalated += 1
                verdict.say(f"{self.concern_id}: nobody was paged at {deadline}: {self.row}")

    def _pause(self, at: datetime) -> timedelta | None:
        """The longest that the ladder may be silent then; None: it waits for a deadline."""
        row = self.row
        unhanded = row["immediacy"] == "now" and not row["handed_over"] and not row["seen"]
        if unhanded:
            return timedelta(minutes=row["handover_every"])
        late = (not row["seen"] and at >= row["seen_by"]) or (
            row["seen"] and not row["decided"] and at >= row["decide_by"]
        )
        if not row["accepted"] or late:
            return timedelta(minutes=row["longest"])
        return DAY if row["seen"] and row["decided"] else None

    def _ladder(self, begins: datetime, ends: datetime, verdict: Verdict) -> None:
        longest = self._pause(begins)
        if longest is None:
            return
        place = bisect_right(self.pages, begins)
        since = begins
        for paged in [*self.pages[place : bisect_left(self.pages, ends)], ends]:
            if paged > self.outages.up(since + longest) + BOUND:
                verdict.fell_silent += 1
                verdict.say(f"{self.concern_id}: silent from {since} to {paged}: {self.row}")
            since = paged
