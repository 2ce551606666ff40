"""Every request in a prison is told to the audit: read, listed, written or refused.

What is read or written goes into the transaction that did it, and so is durable before the answer.
A list's page is written in groups, a quarter of a second later at most. A refusal has a transaction
of its own. Where the audit cannot be written the request is refused as well (503), but for `now`
concerns and broken glass: those fall back to a spool on disk with an alarm. Audit never stops a
nurse.
"""

import asyncio
import re
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import structlog
from asgi_correlation_id import correlation_id
from fastapi import Request
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import State
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import clock
from app.access import Actor
from app.db import Database, gone
from app.errors import Busy
from app.models.audit import AuditAct
from app.models.staff import Role
from app.openapi import permission_of
from app.problems import problem
from app.rights import Permission
from app.services import audit
from app.services.audit import Entry
from app.services.audit.glass import seen_through
from app.services.audit.spool import Spool

log = structlog.get_logger(__name__)
FLUSH_SECONDS = 0.25
SPOOL_PAUSE = timedelta(seconds=1)
REFUSAL_SECONDS = 2.0  # nobody who is told no waits longer for it to be written down
SAFE = {"GET", "HEAD", "OPTIONS"}
_PRISON = re.compile(r"/v1/prisons/([A-Z]{3})(?:/|$)")
# Nobody's record: walls and settings.
_NOBODYS = {Permission.place_read, Permission.prison_read}
# Refused without a look at any record, and as often as a caller likes: for the logs.
_NOT_WORTH_A_LINE = {429}
_OPEN_GLASS = """SELECT FROM break_glass
    WHERE prison_id = $1 AND staff_id = $2 AND expires_at > $3 AND ended_at IS NULL LIMIT 1"""


@dataclass
class Trail:
    """What is known so far of one request in a prison."""

    prison_id: str
    actor: Actor | None = None
    subject: str | None = None
    client: str | None = None
    listed: orjson.Fragment | None = None
    appended: bool = False
    ids: set[UUID] = field(default_factory=set)
    rows: int | None = None
    sha256: str | None = None

    def knows(self, actor: Actor | None, subject: str, client: str | None) -> None:
        """Who asks, as the token and the database have it."""
        self.actor, self.subject, self.client = actor, subject, client


def trail_of(scope: Scope | Request) -> Trail | None:
    """The trail of a request; None outside any prison."""
    found: Trail | None = scope.get("state", {}).get("trail")
    return found


class Auditor:
    """Writes the audit. One a process, opened and closed with its database."""

    def __init__(self, state: State, spool_dir: Path) -> None:
        """`state`: the application's, which holds its database once that is open."""
        self._state = state
        self._spool = Spool(spool_dir)
        self._waiting: list[Entry] = []
        self._turn = asyncio.Lock()
        self._flushing: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._spool_tried_at = clock.real_now() - SPOOL_PAUSE

    @property
    def _db(self) -> Database:
        db: Database = self._state.database
        return db

    def start(self) -> None:
        self._flushing = asyncio.create_task(self._flush_often())

    async def stop(self) -> None:
        """Write what waits. Call it before the database is closed."""
        self._stopping.set()
        if self._flushing is not None:
            await self._flushing
        await self.flush()

    @property
    def spooling(self) -> bool:
        """Whether entries wait on disk for a database that takes them: an alarm."""
        return self._spool.holds_any()

    async def within(self, db: AsyncSession, scope: Scope) -> None:
        """Append the request to the audit in the transaction of its own write session.

        Raises Busy when the audit cannot be written, unless that would stop a nurse.
        """
        trail = trail_of(scope)
        if trail is None or trail.actor is None or not _of_somebody(scope):
            return
        trail.ids |= db.info.get("touched", set())
        trail.rows, trail.sha256 = db.info.get("rows"), db.info.get("sha256")
        act = AuditAct.read if scope["method"] in SAFE else AuditAct.written
        glass = await seen_through(db, trail.actor, trail.ids | _named(scope))
        entry = _entry(scope, trail, act, break_glass_id=glass)
        trail.appended = True
        urgent = glass or db.info.get("urgent")
        try:
            async with db.begin_nested() if urgent else nullcontext():
                await audit.append(db, entry)
        except Exception as error:
            if not urgent or gone(error):  # what it tells of is lost with it
                log.exception("audit_failed")
                raise Busy() from None
            await self._keep_at_any_rate(entry)

    async def listed(self, scope: Scope, trail: Trail) -> None:
        """Append a page soon; at once if it may have been seen through a broken glass."""
        actor = trail.actor
        if actor is None or not await self._breaks_glass(actor):
            self._waiting.append(_entry(scope, trail, AuditAct.listed, ids=trail.listed))
            return
        ids = {UUID(each) for each in orjson.loads(orjson.dumps(trail.listed))}
        try:
            async with self._db.write(actor.prison_id) as session:
                glass = await seen_through(session, actor, ids)
                entry = _entry(scope, trail, AuditAct.listed, ids=ids, break_glass_id=glass)
                await audit.append(session, entry)
        except Exception:
            await self._keep_at_any_rate(_entry(scope, trail, AuditAct.listed, ids=ids))

    async def _breaks_glass(self, actor: Actor) -> bool:
        if actor.family is not Role.clinician:
            return False
        found = await self._db.fetchrow(
            actor.prison_id, _OPEN_GLASS, actor.prison_id, actor.staff_id, clock.now()
        )
        return found is not None

    async def now(self, entry: Entry) -> None:
        """Append in a transaction of its own, durable when it returns."""
        await self._write([entry])

    async def refused(self, entry: Entry) -> None:
        """Append an attempt; what cannot be written goes to disk, for the answer is no anyway."""
        try:
            async with asyncio.timeout(REFUSAL_SECONDS):
                await self._write([entry])
        except Exception:
            await self._keep_on_disk([entry])

    async def flush(self) -> None:
        """Write what waits, and wait for what is being written already; what the database does not
        take goes to disk."""
        async with self._turn:
            entries, self._waiting = self._waiting, []
            if not entries:
                return
            try:
                await self._write(entries)
            except Exception:
                try:
                    await self._keep_on_disk(entries)
                except Exception:
                    self._waiting = entries + self._waiting
                    raise

    async def empty_spool(self) -> None:
        """Bring what lies on disk into the database, once it takes it."""
        for path, entries in self._spool.batches():
            try:
                await self._write(entries)
            except Exception:
                log.exception("audit_spool_waits")  # it stays on disk, and keeps no other waiting
                continue
            self._spool.forget(path)
            log.warning("audit_spool_emptied", count=len(entries))

    async def _write(self, entries: list[Entry]) -> None:
        by_prison: dict[str, list[Entry]] = {}
        for entry in entries:
            by_prison.setdefault(entry["prison_id"], []).append(entry)
        statement = audit.APPEND.format(entries="$1::text")
        for prison_id, some in by_prison.items():
            await self._db.fetch(prison_id, statement, audit.as_json(some))

    async def _keep_at_any_rate(self, entry: Entry) -> None:
        """Write to disk what must stop nobody, on a full one from the reserve; if that is used up
        too, it waits in memory, and only the end of the process loses it."""
        try:
            await self._keep_on_disk([entry], from_reserve=True)
        except OSError:
            operation, asked = entry["operation"], entry["request_id"]
            log.critical("audit_in_memory_alone", operation=operation, request_id=asked)
            self._waiting.append(entry)

    async def _keep_on_disk(self, entries: list[Entry], *, from_reserve: bool = False) -> None:
        log.exception("audit_spooled", count=len(entries))
        await asyncio.to_thread(self._spool.keep, entries, from_reserve=from_reserve)

    async def _restock(self) -> None:
        try:
            await asyncio.to_thread(self._spool.restock)
        except OSError:
            log.warning("audit_reserve_short")

    async def _flush_often(self) -> None:
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), FLUSH_SECONDS)
            try:
                await self.flush()
                if clock.real_now() - self._spool_tried_at > SPOOL_PAUSE:
                    self._spool_tried_at = clock.real_now()
                    if self.spooling:
                        await self.empty_spool()
                    await self._restock()
            except Exception:  # a full disk, say: the next turn comes all the same
                log.exception("audit_failed")


class Audited:
    """The middleware: opens the trail, and sees to it that no answer goes out unaudited."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        within = _PRISON.match(scope["path"]) if scope["type"] == "http" else None
        if within is None:
            await self.app(scope, receive, send)
            return
        trail = Trail(within[1])
        scope.setdefault("state", {})["trail"] = trail
        given_up = False

        async def spoken(message: Message) -> None:
            nonlocal given_up
            if message["type"] == "http.response.start":
                try:
                    await _answered(scope, trail, message["status"])
                except Exception:
                    log.exception("audit_failed")
                    given_up = True
                    await problem(Request(scope), Busy())(scope, receive, send)
            if not given_up:
                await send(message)

        await self.app(scope, receive, spoken)


async def _answered(scope: Scope, trail: Trail, status: int) -> None:
    """Before the answer begins: append what no write session has appended."""
    auditor: Auditor = scope["app"].state.auditor
    if status >= 400:
        if status < 500 and status not in _NOT_WORTH_A_LINE:
            code = scope["state"].get("refusal")
            await auditor.refused(_entry(scope, trail, AuditAct.refused, status=status, code=code))
    elif trail.appended or not _of_somebody(scope):
        return
    elif trail.listed is not None:
        await auditor.listed(scope, trail)
    else:
        await auditor.now(_entry(scope, trail, AuditAct.read, status=status))


def _entry(scope: Scope, trail: Trail, act: AuditAct, **more: Any) -> Entry:
    more.setdefault("ids", trail.ids | _named(scope))
    more.setdefault("rows", trail.rows)
    more.setdefault("sha256", trail.sha256)
    return audit.entry(
        trail.prison_id,
        act,
        _operation(scope),
        actor=trail.actor,
        subject=trail.subject,
        client=trail.client,
        request_id=correlation_id.get() or str(uuid4()),
        **more,
    )


def _operation(scope: Scope) -> str:
    route = scope.get("route")
    return route.name if isinstance(route, APIRoute) else "unknown"


def _of_somebody(scope: Scope) -> bool:
    """Whether the request is for a record of a person, and not of a wall."""
    route = scope.get("route")
    known = permission_of(route.dependant) if isinstance(route, APIRoute) else None
    return scope["method"] not in SAFE or known not in _NOBODYS


def _named(scope: Scope) -> set[UUID]:
    """The ids that the address names."""
    found = set()
    for value in scope.get("path_params", {}).values():
        with suppress(ValueError):
            found.add(UUID(str(value)))
    return found
