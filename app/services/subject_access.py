"""Subject access: what is held about a person, in HMPPS's convention, and nothing of anyone else.

What is told stands in `app/reference/records.toml`, which rows are the person's in
`app/records.py`. Free text is told only where whoever wrote it chose `ordinary`; how much was
withheld is counted, for the officer who answers the request.
"""

import tomllib
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, case, func, null, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from app.db import Database
from app.models.acquaintances import Acquaintance, DeclaredBy
from app.models.audit import AuditAct, AuditEntry
from app.models.base import Disclosure
from app.models.complaints import Complaint
from app.models.concerns import Concern, ConcernKind
from app.models.mentees import Mentee
from app.models.mentors import Mentor, Observation
from app.models.moves import History
from app.models.prisons import Prison
from app.models.sessions import Participation, Session
from app.models.staff import Role
from app.records import theirs
from app.services import audit
from app.tokens import Claims

FILE = Path(__file__).parents[1] / "reference" / "records.toml"
OPERATION = "subject_access_request"
OWN_MOVES = (
    "mentors",
    "mentees",
    "trainings",
    "pairings",
    "permissions",
    "acct_pointers",
    "supervisions",
    "placements",
    "attendances",
    "goals",
    "questionnaires",
    "life_events",
    "enrolments",
    "contact_requests",
)


class Table(BaseModel, extra="forbid"):
    """What is told of a table, and how long it is kept."""

    retention: str
    whose: str | None = None
    told: list[str] = []
    texts: list[str] = []
    texts_when: str | None = None
    kept_back: list[str] = []
    untold: str | None = None


RAISED = Table(
    retention="mental_health_record",
    told=["reference", "kind", "immediacy", "occurred_at"],
    texts=["account", "needs", "protects"],
)


@lru_cache
def tables() -> dict[str, Table]:
    """What `records.toml` says of each table."""
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))["tables"]
    return {
        name: Table(retention=each.pop("class"), **each)
        for name, each in ((name, dict(found)) for name, found in raw.items())
    }


def _subjects(prison_id: str, person_id: UUID) -> ColumnElement[bool]:
    """Concerns about the person that may be told: none about staff, a mentor, or security."""
    return and_(
        col(Concern.subject_person_id) == person_id,
        ~col(Concern.about_mentor),
        col(Concern.about_staff_id).is_(None),
        col(Concern.about_staff_as_told).is_(None),
        col(Concern.kind) != ConcernKind.security_matter,
    )


def _mentors(prison_id: str, person_id: UUID) -> Any:
    return select(col(Mentor.id)).where(
        col(Mentor.prison_id) == prison_id, col(Mentor.person_id) == person_id
    )


def _mentees(prison_id: str, person_id: UUID) -> Any:
    return select(col(Mentee.id)).where(
        col(Mentee.prison_id) == prison_id, col(Mentee.person_id) == person_id
    )


def _alone(prison_id: str, person_id: UUID) -> ColumnElement[bool]:
    """Sessions whose only mentee the person was: the note is of nobody else."""
    others = select(col(Participation.session_id)).where(
        col(Participation.prison_id) == prison_id,
        col(Participation.mentee_id).not_in(_mentees(prison_id, person_id)),
    )
    own = select(col(Participation.session_id)).where(
        col(Participation.prison_id) == prison_id,
        col(Participation.mentee_id).in_(_mentees(prison_id, person_id)),
    )
    return and_(col(Session.id).in_(own), col(Session.id).not_in(others))


RULES: dict[str, Callable[[str, UUID], ColumnElement[bool]]] = {
    "observer": lambda here, who: col(Observation.mentor_id).in_(_mentors(here, who)),
    "participant": lambda here, who: col(Participation.mentee_id).in_(_mentees(here, who)),
    "subject": _subjects,
    "alone": _alone,
    "declared": lambda here, who: and_(
        col(Acquaintance.person_id) == who,
        col(Acquaintance.declared_by) != DeclaredBy.known_to_staff,
    ),
    "complainant": lambda here, who: col(Complaint.raised_by_person_id) == who,
    "own_moves": lambda here, who: col(History.noun).in_(OWN_MOVES),
}


async def answer(
    db: Database, who: Claims, number: str, since: date | None, until: date | None
) -> dict[str, Any] | None:
    """All that is told of the person with this prisoner number, prison by prison; None without.

    `since` and `until`: recorded on these days, in the prison's own time, both included. Each
    prison's part is in that prison's audit before it is answered.
    """
    found: dict[str, Any] = {}
    for prison_id in await db.prison_ids():
        rows = await db.fetch(prison_id, _HERE, prison_id, number)
        for row in rows:
            async with db.write(prison_id) as session:
                told = await _told(session, who, prison_id, row["id"], since, until)
            if told is not None:
                found[prison_id] = _with(found.get(prison_id, {}), told)
    return found or None


def _with(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What is told of two rows that are one person elsewhere, and were not made one here yet."""
    counts = Counter(one.get("withheld_texts", {})) + Counter(other["withheld_texts"])
    both = {name: [*one.get(name, []), *other.get(name, [])] for name in {**one, **other}
            if name != "withheld_texts"}  # fmt: skip
    return {**both, "withheld_texts": dict(counts)}


_HERE = """
    SELECT p.id FROM person p JOIN person_identity i ON i.id = p.identity_id
    WHERE p.prison_id = $1 AND $2 = ANY(i.numbers) AND p.merged_into IS NULL
"""


async def _told(
    db: AsyncSession,
    who: Claims,
    prison_id: str,
    person_id: UUID,
    since: date | None,
    until: date | None,
) -> dict[str, Any] | None:
    """What one prison tells, and its line in that prison's audit."""
    withheld: Counter[str] = Counter()
    content: dict[str, Any] = {}
    ids: set[UUID] = set()
    zone = (await db.get_one(Prison, prison_id)).tz
    start = datetime.combine(since, time(), zone) if since else None
    end = datetime.combine(until + timedelta(days=1), time(), zone) if until else None
    for model, condition in theirs(prison_id, person_id).items():
        name = str(model.__tablename__)
        table = tables()[name]
        if table.untold is not None:
            continue
        if table.whose is not None:
            condition = _whose(table.whose, prison_id, person_id, model, condition)
        rows = await _rows(db, model, table, condition, (prison_id, person_id), (start, end))
        shown = [_item(row, table, name, withheld) for row in rows]
        ids |= {row["id"] for row in rows}
        if shown:
            content[name] = shown
    if raised := await _raised(db, prison_id, person_id, (start, end)):
        content["concern_raised"] = [_item(row, RAISED, "concern", withheld) for row in raised]
        ids |= {row["id"] for row in raised}
    if not content:
        return None
    content["looked_at"] = await _looked_at(db, prison_id, ids)
    content["withheld_texts"] = dict(withheld)
    entry = audit.entry(
        prison_id,
        AuditAct.read,
        OPERATION,
        subject=who.subject,
        client=who.client_id,
        ids=ids,
    )
    await audit.append(db, {**entry, "role": Role.machine})
    return content


def _whose(
    rule: str,
    prison_id: str,
    person_id: UUID,
    model: type[SQLModel],
    condition: ColumnElement[bool],
) -> ColumnElement[bool]:
    """The rows of the person's that are theirs to be told; words added, with their concern."""
    if model is Concern:
        return _subjects(prison_id, person_id)
    if rule == "subject":
        concerns = select(col(Concern.id)).where(
            col(Concern.prison_id) == prison_id, _subjects(prison_id, person_id)
        )
        return model.concern_id.in_(concerns)  # type: ignore[attr-defined,no-any-return]
    return and_(condition, RULES[rule](prison_id, person_id))


async def _rows(
    db: AsyncSession,
    model: Any,
    table: Table,
    condition: ColumnElement[bool],
    whose: tuple[str, UUID],
    period: tuple[datetime | None, datetime | None],
) -> list[Any]:
    columns = [getattr(model, name).label(name) for name in table.told]
    for name in table.texts:
        text = getattr(model, name)
        if table.texts_when is not None:
            text = case((RULES[table.texts_when](*whose), text), else_=null())
        columns.append(text.label(name))
    disclosure = model.disclosure if table.texts else null()
    statement = select(model.id, model.recorded_at, disclosure.label("disclosure"), *columns).where(
        model.prison_id == whose[0], condition
    )
    since, until = period
    if since is not None:
        statement = statement.where(model.recorded_at >= since)
    if until is not None:
        statement = statement.where(model.recorded_at < until)
    found = await db.execute(statement.order_by(model.recorded_at, model.id))
    return list(found.mappings())


def _item(row: Any, table: Table, name: str, withheld: Counter[str]) -> dict[str, Any]:
    """One row as it is told: its free text only where it was written to be."""
    item = {"recorded_at": row["recorded_at"], **{each: row[each] for each in table.told}}
    for each in table.texts:
        if row[each] is None:
            continue
        if row["disclosure"] is Disclosure.ordinary:
            item[each] = row[each]
        else:
            withheld[name] += 1
    return item


async def _raised(
    db: AsyncSession,
    prison_id: str,
    person_id: UUID,
    period: tuple[datetime | None, datetime | None],
) -> list[Any]:
    """What the person said themselves: their words, and nothing of what became of another."""
    own = col(Concern.raised_by_person_id) == person_id
    return await _rows(db, Concern, RAISED, own, (prison_id, person_id), period)


async def _looked_at(db: AsyncSession, prison_id: str, ids: set[UUID]) -> list[dict[str, Any]]:
    """In which roles these records were looked at, how often, from when to when."""
    count = func.count().label("times")
    found: Any = await db.execute(
        select(
            col(AuditEntry.role).label("role"),
            count,
            func.min(col(AuditEntry.recorded_at)).label("first"),
            func.max(col(AuditEntry.recorded_at)).label("last"),
        )
        .where(
            col(AuditEntry.prison_id) == prison_id,
            col(AuditEntry.ids).bool_op("&&")(list(ids)),
            col(AuditEntry.act).in_([AuditAct.read, AuditAct.listed]),
        )
        .group_by(col(AuditEntry.role))
        .order_by(col(AuditEntry.role))
    )
    return [dict(row) for row in found.mappings()]
