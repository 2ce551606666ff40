"""What a chronology is made of, loaded with a handful of statements: rows as PostgreSQL's JSON,
what they said before, moves, texts, looks, and what was around."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import records
from app.models.audit import AuditEntry
from app.models.duties import Duty, DutyOverride
from app.models.former_values import PRISON, FormerValue
from app.models.moves import History
from app.models.prisons import Prison
from app.models.software import Outage, SoftwareStart
from app.models.staff import Staff
from app.models.texts import TextVersion
from app.scope import everything

Doc = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: as it stands today, as it stood at the instant, and as it was first recorded."""

    noun: str
    id: UUID
    recorded_at: datetime
    today: Doc
    then: Doc
    first: Doc
    formers: Sequence[FormerValue]

    def after(self, number: int) -> Doc:
        """What the row said after its change of this number."""
        return _undone(self.then, self.formers[number + 1 :])


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was recorded up to `as_at`."""

    prison_id: str
    person_id: UUID
    as_at: datetime
    rows: Mapping[UUID, Row]
    history: Sequence[History]
    texts: Sequence[TextVersion]
    audit: Sequence[AuditEntry]
    duties: Sequence[Row]
    parts: Sequence[Row]
    staff: Mapping[UUID, Row]
    prison: Row
    software: Sequence[SoftwareStart]
    outages: Sequence[Outage]


def _undone(doc: Doc, formers: Sequence[FormerValue]) -> Doc:
    """What a row said before these changes."""
    before = dict(doc)
    for former in reversed(formers):
        before |= former.former
    return before


async def load(db: AsyncSession, prison_id: str, person_id: UUID, as_at: datetime) -> Facts:
    """The facts about one person as they were recorded at an instant."""
    found = await _docs(db, _theirs(prison_id, person_id, as_at))
    around = await _docs(db, _around(prison_id, as_at))
    prison = (await db.execute(_prison(prison_id))).one()
    formers = await _formers(db, prison_id, [each.id for each in (*found, *around)])
    rows = {each.id: _row(each, formers[each.id], as_at) for each in found}
    others = [_row(each, formers[each.id], as_at) for each in around]
    ids = list(rows)
    return Facts(
        prison_id,
        person_id,
        as_at,
        _members(rows, person_id),
        await _told(db, History, prison_id, ids, as_at),
        await _told(db, TextVersion, prison_id, ids, as_at),
        await _looks(db, prison_id, ids, as_at),
        [each for each in others if each.noun == Duty.__tablename__],
        [each for each in others if each.noun == DutyOverride.__tablename__],
        {each.id: each for each in others if each.noun == Staff.__tablename__},
        _row(prison, formers[PRISON], as_at),
        await _software(db, as_at),
        await _outages(db, prison_id, as_at),
    )


def _doc_of(model: Any, found: Any) -> Any:
    name = str(model.__tablename__)
    whole = func.to_jsonb(literal_column(f'"{name}"'))
    return found.with_only_columns(
        literal(name).label("noun"), model.id, model.recorded_at, whole.label("doc")
    )


def _theirs(prison_id: str, person_id: UUID, as_at: datetime) -> Any:
    """Every row that is theirs, or was once, of the tables that do not tell of others."""
    parts = []
    for model, condition in records.theirs(prison_id, person_id, ever=True).items():
        if model not in records.TOLD_OF_OTHERS:
            mine = everything(model, prison_id).where(condition, model.recorded_at <= as_at)  # type: ignore[attr-defined]
            parts.append(_doc_of(model, mine))
    return union_all(*parts)


def _around(prison_id: str, as_at: datetime) -> Any:
    """Duties, the parts of them that others took, and staff of the prison."""
    return union_all(
        *(
            _doc_of(model, everything(model, prison_id).where(col(model.recorded_at) <= as_at))
            for model in (Duty, DutyOverride, Staff)
        )
    )


def _prison(prison_id: str) -> Any:
    whole = func.to_jsonb(literal_column("prison"))
    table = Prison.__tablename__
    return select(
        literal(table).label("noun"),
        literal(PRISON).label("id"),
        col(Prison.recorded_at),
        whole.label("doc"),
    ).where(col(Prison.id) == prison_id)


async def _docs(db: AsyncSession, statement: Any) -> list[Any]:
    return list((await db.execute(statement)).all())


async def _formers(
    db: AsyncSession, prison_id: str, ids: Sequence[UUID]
) -> dict[UUID, list[FormerValue]]:
    """Every change of these rows, up to today: later ones are undone."""
    found = everything(FormerValue, prison_id).where(col(FormerValue.thing_id).in_([*ids, PRISON]))
    by_thing: dict[UUID, list[FormerValue]] = defaultdict(list)
    in_order = found.order_by(col(FormerValue.recorded_at), col(FormerValue.id))
    for former in (await db.execute(in_order)).scalars():
        by_thing[former.thing_id].append(former)
    return by_thing


def _row(found: Any, formers: Sequence[FormerValue], as_at: datetime) -> Row:
    before = [each for each in formers if each.recorded_at <= as_at]
    then = _undone(found.doc, formers[len(before) :])
    first = _undone(then, before)
    return Row(found.noun, found.id, found.recorded_at, found.doc, then, first, before)


async def _told(
    db: AsyncSession, model: Any, prison_id: str, ids: Sequence[UUID], as_at: datetime
) -> Sequence[Any]:
    found = everything(model, prison_id).where(
        col(model.thing_id).in_(ids), col(model.recorded_at) <= as_at
    )
    in_order = found.order_by(col(model.recorded_at), col(model.id))
    return list((await db.execute(in_order)).scalars())


async def _looks(
    db: AsyncSession, prison_id: str, ids: Sequence[UUID], as_at: datetime
) -> Sequence[AuditEntry]:
    found = everything(AuditEntry, prison_id).where(
        col(AuditEntry.ids).bool_op("&&")(list(ids)), col(AuditEntry.recorded_at) <= as_at
    )
    in_order = found.order_by(col(AuditEntry.recorded_at), col(AuditEntry.id))
    return (await db.execute(in_order)).scalars().all()


async def _software(db: AsyncSession, as_at: datetime) -> Sequence[SoftwareStart]:
    found = select(SoftwareStart).where(col(SoftwareStart.recorded_at) <= as_at)
    in_order = found.order_by(col(SoftwareStart.recorded_at), col(SoftwareStart.id))
    return (await db.execute(in_order)).scalars().all()


async def _outages(db: AsyncSession, prison_id: str, as_at: datetime) -> Sequence[Outage]:
    found = everything(Outage, prison_id).where(col(Outage.recorded_at) <= as_at)
    return (await db.execute(found.order_by(col(Outage.began_at), col(Outage.id)))).scalars().all()


def _members(rows: Mapping[UUID, Row], person_id: UUID) -> dict[UUID, Row]:
    """Without what was theirs only later, or once before: as known at the instant."""
    mentors = {str(each.id) for each in rows.values() if each.noun == "mentor"}
    mentees = {str(each.id) for each in rows.values() if each.noun == "mentee"}
    person = str(person_id)
    parts = [each.then for each in rows.values() if each.noun == "participation"]
    attended = {part["session_id"] for part in parts if part["mentee_id"] in mentees}

    def ever(row: Row, name: str, wanted: set[str]) -> bool:
        """Whether it was theirs at the instant, or before it."""
        said = (row.then, *(former.former for former in row.formers))
        return any(doc.get(name) in wanted for doc in said)

    sessions, concerns = set(), set()
    for row in rows.values():
        if row.noun == "session" and (str(row.id) in attended or ever(row, "mentor_id", mentors)):
            sessions.add(str(row.id))
        raised = row.then.get("raised_by_person_id") == person
        if row.noun == "concern" and (raised or ever(row, "subject_person_id", {person})):
            concerns.add(str(row.id))
    kept = {row.id: row for row in rows.values() if _belongs(row, sessions, concerns, person)}
    told = {
        row.id: row
        for row in kept.values()
        if row.noun != "notification" or any(
            UUID(about) in kept for name in PAGED_ABOUT if (about := row.then[name])
        )
    }  # fmt: skip
    return {row.id: row for row in told.values() if carries(row, told)}


def carries(row: Row, told: Mapping[UUID, Row]) -> bool:
    """A delivery goes with its page."""
    return row.noun != "delivery" or UUID(row.then["notification_id"]) in told


PAGED_ABOUT = ("concern_id", "task_id", "break_glass_id")


def _belongs(row: Row, sessions: set[str], concerns: set[str], person: str) -> bool:
    doc = row.then
    if row.noun in {"session", "concern"}:
        return str(row.id) in sessions | concerns
    if row.noun == "participation":
        return doc["session_id"] in sessions
    if row.noun in {"action", "addendum"}:
        return doc["concern_id"] in concerns
    if row.noun == "task":
        return doc["person_id"] == person or doc["thing_id"] in concerns | {person}
    return True
