"""Episodes of support in one table, as they were exported first: whole, in memory."""

import hashlib
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import ReleaseNeeded
from app.models.base import Output, new_id
from app.models.exports import EpisodeExport, ExportQuery, ExportTrailer, IdentifiableEpisodeExport
from app.models.mentees import MENTEE_ENDED
from app.models.releases import ReleaseKind
from app.services import outbox, releases
from app.services.exports.pseudonyms import Pseudonyms

AGE_BANDS = ((18, 20), (21, 24), (25, 29), (30, 39), (40, 49), (50, 59))
_EPISODES = """
    SELECT m.id, m.person_id, p.number, p.display_name, p.date_of_birth, m.status,
        CASE m.referred_by WHEN 'acct_review' THEN 'wing_staff' ELSE m.referred_by END
            AS referred_by,
        m.safety_need, (m.referred_at AT TIME ZONE z.zone)::date AS referred_on,
        (h.engaged_at AT TIME ZONE z.zone)::date AS engaged_on,
        (h.ended_at AT TIME ZONE z.zone)::date AS ended_on,
        a.attended, a.dna, a.cancelled,
        (SELECT count(*) FROM pairing WHERE prison_id = m.prison_id AND mentee_id = m.id)
            AS pairings
    FROM mentee m
    JOIN prison z ON z.id = m.prison_id
    JOIN person p ON p.prison_id = m.prison_id AND p.id = m.person_id
    CROSS JOIN LATERAL (
        SELECT min(occurred_at) FILTER (WHERE to_state = 'engaged') AS engaged_at,
            max(occurred_at) FILTER (WHERE to_state = m.status AND m.status = ANY (:ended))
                AS ended_at
        FROM history WHERE prison_id = m.prison_id AND thing_id = m.id
    ) h
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE status = 'attended') AS attended,
            count(*) FILTER (WHERE status = 'dna') AS dna,
            count(*) FILTER (WHERE status = 'cancelled') AS cancelled
        FROM participation WHERE prison_id = m.prison_id AND mentee_id = m.id
    ) a
    WHERE m.prison_id = :prison
        AND (CAST(:since AS date) IS NULL OR (m.referred_at AT TIME ZONE z.zone)::date >= :since)
        AND (CAST(:until AS date) IS NULL OR (m.referred_at AT TIME ZONE z.zone)::date <= :until)
    ORDER BY m.referred_at, m.id
"""


def age_band(born: date | None, on: date) -> str | None:
    """The band of someone's age in whole years on a day: `18-20` up to `60+`; None: not known."""
    if born is None:
        return None
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    for first, last in AGE_BANDS:
        if first <= age <= last:
            return f"{first}-{last}"
    return "60+" if age >= 60 else "under 18"


async def episodes(
    db: AsyncSession, actor: Actor, query: ExportQuery, secret: bytes
) -> tuple[UUID, bytes]:
    """The episodes of support without names: the export's id and its lines."""
    return await _export(db, actor, query, secret, EpisodeExport)


async def identifiable_episodes(
    db: AsyncSession, actor: Actor, query: ExportQuery, secret: bytes
) -> tuple[UUID, bytes]:
    """The same with names, once for each release by two people. Raises ReleaseNeeded."""
    await released(db, actor)
    return await _export(db, actor, query, secret, IdentifiableEpisodeExport)


async def released(db: AsyncSession, actor: Actor) -> None:
    """Take the release of an export with names. Raises ReleaseNeeded where none stands."""
    release = await releases.standing_release(db, actor.prison_id, ReleaseKind.identifiable_export)
    if release is None:
        raise ReleaseNeeded()
    await releases.collect(db, actor, release)


async def _export(
    db: AsyncSession, actor: Actor, query: ExportQuery, secret: bytes, shape: type[Output]
) -> tuple[UUID, bytes]:
    export_id = new_id()
    pseudonyms = Pseudonyms(secret, export_id)
    found = await db.execute(
        text(_EPISODES),
        {
            "prison": actor.prison_id,
            "ended": sorted(MENTEE_ENDED),
            "since": query.since,
            "until": query.until,
        },
    )
    rows = found.mappings().all()
    lines = b"".join(_line(shape, row, pseudonyms) for row in rows)
    digest = hashlib.sha256(lines).hexdigest()
    trailer = ExportTrailer(
        export_id=str(export_id),
        prison_id=actor.prison_id,
        made_at=clock.now(),
        rows=len(rows),
        sha256=digest,
    )
    db.info.setdefault("touched", set()).update(row["id"] for row in rows)
    outbox.say(db, actor.prison_id, "export.made", export_id, rows=len(rows), sha256=digest)
    await db.flush()
    return export_id, lines + trailer.model_dump_json().encode() + b"\n"


def _line(shape: type[Output], row: Any, pseudonyms: Pseudonyms) -> bytes:
    made = shape.model_validate(
        {
            **row,
            "pseudonym": pseudonyms.of(row["person_id"]),
            "age_band": age_band(row["date_of_birth"], row["referred_on"]),
        }
    )
    return orjson.dumps(made.model_dump(mode="json")) + b"\n"
