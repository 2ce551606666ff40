"""The audit: appending to it (here), sealing it into a chain (`chain.py`), anchoring the chain's
head outside the database (`anchors.py`), and keeping what the database would not take (`spool.py`).
"""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.models.audit import AuditAct
from app.models.base import new_id

# The one way in, for one entry, a batch and the spool alike. An entry that is there already is
# left as it is, so that a spool may be emptied twice; one of an unknown prison is let go.
APPEND = """
INSERT INTO audit_entry (prison_id, id, recorded_at, subject, role, client, operation, act, status,
    code, ids, rows, break_glass_id, request_id, sha256)
SELECT e.prison_id, e.id, e.recorded_at, e.subject, e.role, e.client, e.operation, e.act, e.status,
    e.code, e.ids, e.rows, e.break_glass_id, e.request_id, e.sha256
FROM jsonb_to_recordset(CAST({entries} AS jsonb)) AS e(prison_id text, id uuid,
    recorded_at timestamptz, subject text, role text, client text, operation text, act text,
    status int, code text, ids uuid[], rows int, break_glass_id uuid,
    request_id text, sha256 text)
JOIN prison p ON p.id = e.prison_id
ON CONFLICT (prison_id, id) DO NOTHING
"""
Entry = dict[str, Any]


def entry(
    prison_id: str,
    act: AuditAct,
    operation: str,
    *,
    actor: Actor | None = None,
    subject: str | None = None,
    client: str | None = None,
    status: int = 200,
    code: str | None = None,
    ids: Any = (),
    rows: int | None = None,
    break_glass_id: UUID | None = None,
    request_id: str | None = None,
    sha256: str | None = None,
) -> Entry:
    """One entry as JSON takes it. `ids`: UUIDs, or a JSON list of them as the database made it."""
    return {
        "prison_id": prison_id,
        "id": new_id(),
        "recorded_at": clock.now(),
        "subject": actor.subject if actor else subject,
        "role": actor.role if actor else None,
        "client": client,
        "operation": operation,
        "act": act,
        "status": status,
        "code": code,
        "ids": ids if isinstance(ids, orjson.Fragment) else sorted({str(each) for each in ids}),
        "rows": rows,
        "break_glass_id": break_glass_id,
        "request_id": request_id,
        "sha256": sha256,
    }


def as_json(entries: list[Entry]) -> str:
    return orjson.dumps(entries, default=str).decode()


async def append(db: AsyncSession, *entries: Entry) -> None:
    """Add entries of one prison in the session's transaction: they are saved with what they tell
    of, or not at all."""
    statement = text(APPEND.format(entries=":entries"))
    await db.execute(statement, {"entries": as_json(list(entries))})
