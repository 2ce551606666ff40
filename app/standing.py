"""What the database knows of a bearer, in one statement: their row in a prison, and whether their
token is revoked. `app/access.py` makes an actor of it."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.db import Database
from app.errors import TokenRevoked
from app.models.mentors import MENTOR_ENDED
from app.tokens import Claims

Row = Mapping[str, Any]

# Asked on every request, with whatever else is asked: what is remembered of a token elsewhere never
# outlives its revocation. $1 subject, $2 person, $3 token id, $4 issued at; below, $5 the prison.
_REVOKED = """
    SELECT EXISTS (
        SELECT FROM revocation r
        WHERE (r.subject = $1 OR r.person_id = $2 OR r.token_id = $3)
          AND (r.subject IS NULL OR r.subject = $1)
          AND (r.person_id IS NULL OR r.person_id = $2)
          AND (r.token_id IS NULL OR r.token_id = $3)
          AND (r.issued_until IS NULL OR r.issued_until >= $4)
    ) AS revoked
"""
_STAFF = f"""
    SELECT t.revoked, s.id, s.role FROM ({_REVOKED}) t
    LEFT JOIN staff s ON s.prison_id = $5 AND s.subject = $1 AND s.active
"""  # noqa: S608 - of constants
_ENDED = ", ".join(f"'{status}'" for status in sorted(MENTOR_ENDED))
_PRISONER = f"""
    SELECT t.revoked, p.id, m.id AS mentor_id, m.status FROM ({_REVOKED}) t
    LEFT JOIN person p ON p.prison_id = $5 AND p.id = $2 AND p.presence <> 'left'
        AND p.merged_into IS NULL
    LEFT JOIN LATERAL (
        SELECT id, status FROM mentor
        WHERE prison_id = p.prison_id AND person_id = p.id AND status <> 'merged'
        ORDER BY status IN ({_ENDED}), recorded_at DESC LIMIT 1
    ) m ON true
"""  # noqa: S608 - of constants
_MACHINE = f"""
    SELECT t.revoked, c.id, c.scopes FROM ({_REVOKED}) t
    LEFT JOIN client c ON c.prison_id = $5 AND c.client_id = $1 AND c.active
"""  # noqa: S608 - of constants


# What `of_many` asks by, for each of a list of bearers; then the prison.
_BEARERS = """unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[])
    WITH ORDINALITY AS me(subject, person_id, token_id, issued_at, number)"""


def _for_many(sql: str) -> str:
    of_one = {"1": "me.subject", "2": "me.person_id", "3": "me.token_id", "4": "me.issued_at"}
    asked = re.sub(r"\$([1-4])", lambda found: of_one[found[1]], sql)
    return f"SELECT it.* FROM {_BEARERS} CROSS JOIN LATERAL ({asked}) it ORDER BY me.number"  # noqa: S608


_MANY_STAFF, _MANY_PRISONERS = _for_many(_STAFF), _for_many(_PRISONER)


async def of_staff(db: Database, prison_id: str, who: Claims) -> Row | None:
    """The active row of staff: `id` and `role`. This and the next two raise TokenRevoked."""
    return await _row(db, prison_id, _STAFF, who)


async def of_prisoner(db: Database, prison_id: str, who: Claims) -> Row | None:
    """The prisoner who is here: `id`, and `mentor_id` and `status` of their live application, or
    the last."""
    return await _row(db, prison_id, _PRISONER, who)


async def of_machine(db: Database, prison_id: str, who: Claims) -> Row | None:
    """The active client: `id` and the `scopes` in force."""
    return await _row(db, prison_id, _MACHINE, who)


async def of_client(
    db: Database, prison_id: str, client: str, token_id: str | None, issued_at: datetime
) -> Row | None:
    """The same for a client whose token is not at hand, but what was kept of it; None where it is
    revoked."""
    row = await db.fetchrow(prison_id, _MACHINE, client, None, token_id, issued_at, prison_id)
    assert row is not None
    return None if row["revoked"] or row["id"] is None else row


async def of_many(
    db: Database, prison_id: str, tokens: Sequence[tuple[object, ...]], *, staff: bool
) -> list[Row]:
    """What `of_staff`, or else `of_prisoner`, says of each of these: `revoked`, and an `id` that
    is None where there is no row. `tokens`: subject, person, token id and when it was issued."""
    if not tokens:
        return []
    sql = _MANY_STAFF if staff else _MANY_PRISONERS
    rows: list[Row] = list(
        await db.fetch(prison_id, sql, *map(list, zip(*tokens, strict=True)), prison_id)
    )
    return rows


async def unrevoked(db: Database, who: Claims) -> None:
    """Raises TokenRevoked. For routes outside any prison."""
    if await db.fetchval(_REVOKED, *_token(who)):
        raise TokenRevoked()


def _token(who: Claims) -> tuple[object, ...]:
    """What `_REVOKED` asks by."""
    return who.subject, who.person_id, who.token_id, who.issued_at


async def _row(db: Database, prison_id: str, sql: str, who: Claims) -> Row | None:
    row = await db.fetchrow(prison_id, sql, *_token(who), prison_id)
    assert row is not None
    if row["revoked"]:
        raise TokenRevoked()
    return None if row["id"] is None else row
