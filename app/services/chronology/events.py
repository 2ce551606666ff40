"""The events of a chronology: facts told in order, as far as a reader may know them. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from app import clock
from app.models.audit import AuditEntry
from app.models.base import metadata
from app.models.chronology import EventKind
from app.models.former_values import FormerValue, keeps
from app.models.moves import History
from app.models.staff import Role
from app.models.texts import TextVersion
from app.services.chronology.facts import Doc, Facts, Row
from app.services.chronology.readers import PAGE, Reader

E = EventKind
Event = dict[str, Any]
# When what a row tells of happened, where that is not when it was recorded.
HAPPENED = {
    "concern": "occurred_at",
    "death": "occurred_at",
    "clinical_note": "occurred_at",
    "break_glass": "begins_at",
    "explanation": "explained_at",
    "sharing_permission": "given_at",
    "observation": "held_at",
}
# Words that are written with the row and never after it.
WRITTEN_ONCE = {
    "concern": (
        "immediacy_as_said", "subject_as_told", "about_staff_as_told", "account", "needs",
        "protects", "told",
    ),
    "addendum": ("account",),
    "action": ("what",),
    "break_glass": ("reason",),
    "observation": ("learnt",),
    "assessment": ("note",),
    "release": ("purpose",),
}  # fmt: skip
# Words that are written once, later, with the column that says when.
WRITTEN_WITH = {
    ("action", "done_at"): "outcome",
    ("break_glass", "reviewed_at"): "review_note",
}


def tell(facts: Facts, reader: Reader) -> list[Event]:
    """Every event within the reader's reach, in the order it happened, then as it was known."""
    rows = reader.visible(facts)
    events = [
        *(event for row in rows.values() for event in _of_row(row, reader, facts)),
        *_moves(facts, rows, reader),
        *_texts(facts, rows, reader),
        *_looks(facts, rows, reader),
        *_policies(rows),
        *_duties(facts, rows),
        *_configuration(facts),
        *_outages(facts),
    ]
    events += _software(facts, min((each["known_at"] for each in events), default=facts.as_at))
    events.sort(key=_order)
    return [_spelt(each) for each in events]


def _order(event: Event) -> Any:
    thing = event["thing"]
    rest = orjson.dumps(event, default=str)
    return event["at"], event["known_at"], event["kind"], thing["noun"], str(thing["id"]), rest


def _spelt(event: Event) -> Event:
    return event | {
        "at": clock.spell(event["at"]),
        "known_at": clock.spell(event["known_at"]),
    }


def _event(
    at: datetime,
    known_at: datetime,
    kind: EventKind,
    noun: str,
    thing_id: UUID | None,
    *,
    who: tuple[str | None, str | None] | None = None,
    what: Doc | None = None,
    texts: Doc | None = None,
    disclosure: str | None = None,
) -> Event:
    """An event without what there is none of."""
    event: Event = {"at": at, "known_at": known_at, "kind": kind.value}
    event["thing"] = {"noun": noun, "id": str(thing_id) if thing_id else None}
    if who is not None and who[0] is not None:
        event["who"] = {"subject": who[0], "role": who[1]}
    if what:
        event["what"] = what
    if texts:
        event["texts"] = texts
        if disclosure is not None:
            event["disclosure"] = disclosure
    return event


def _codes(row: Row, doc: Doc, within: Any) -> Doc:
    """The codes, times and ids of a row that are within reach."""
    table = metadata.tables[row.noun]
    names = [name for name in PAGE if name in doc] if row.noun == "notification" else [
        column.name for column in table.columns if keeps(row.noun, column)
    ]  # fmt: skip
    names = ["reference", *sorted(names)] if "reference" in doc else sorted(names)
    return {name: doc[name] for name in names if name in within and doc.get(name) is not None}


def _of_row(row: Row, reader: Reader, facts: Facts) -> Iterator[Event]:
    """That it was recorded, and each change of it."""
    within = reader.fields(row) or ()
    begun = next((each for each in facts.history if _begins(each, row)), None)
    at = datetime.fromisoformat(row.first[HAPPENED[row.noun]]) if row.noun in HAPPENED else None
    texts = {
        name: row.then[name]
        for name in WRITTEN_ONCE.get(row.noun, ())
        if name in within and row.then[name] is not None
    }
    yield _event(
        at or (begun.occurred_at if begun else row.recorded_at),
        row.recorded_at,
        E.recorded,
        row.noun,
        row.id,
        who=(begun.actor_subject, begun.actor_role.value) if begun else None,
        what=_codes(row, row.first, within) | ({"status": begun.to_state} if begun else {}),
        texts=texts,
        disclosure=row.first.get("disclosure"),
    )
    for number, former in enumerate(row.formers):
        if event := _change(row, number, former, within):
            yield event


def _begins(entry: History, row: Row) -> bool:
    return entry.thing_id == row.id and entry.from_state is None


def _change(row: Row, number: int, former: FormerValue, within: Any) -> Event | None:
    """What a row said from a change on; nothing where all of it is out of reach."""
    after = row.after(number)
    what = {name: after[name] for name in sorted(former.former) if name in within}
    texts = {
        name: row.today[name]
        for (noun, column), name in WRITTEN_WITH.items()
        if noun == row.noun and column in former.former and name in within
    }
    if not what:
        return None
    return _event(
        former.recorded_at,
        former.recorded_at,
        E.changed,
        row.noun,
        row.id,
        who=_who(former),
        what=what,
        texts={name: words for name, words in texts.items() if words is not None},
    )


def _who(former: FormerValue) -> tuple[str | None, str | None]:
    return former.subject, former.role.value if former.role else None


def _moves(facts: Facts, rows: dict[UUID, Row], reader: Reader) -> Iterator[Event]:
    for entry in facts.history:
        row = rows.get(entry.thing_id)
        if row is None or entry.from_state is None:
            continue
        within = reader.of_move(row, entry.actor_role, entry.from_state, entry.to_state)
        moved = entry.from_state != entry.to_state or row.noun == "notification"
        what = {"from": entry.from_state, "to": entry.to_state} if moved else {}
        if entry.reason is not None and "reason" in within:
            what["event" if not moved else "reason"] = entry.reason
        yield _event(
            entry.occurred_at,
            entry.recorded_at,
            E.moved if moved else E.marked,
            row.noun,
            row.id,
            who=(entry.actor_subject, entry.actor_role.value),
            what=what,
            texts={"note": entry.note} if entry.note and "note" in within else None,
            disclosure=entry.disclosure.value,
        )


def _texts(facts: Facts, rows: dict[UUID, Row], reader: Reader) -> Iterator[Event]:
    for said in facts.texts:
        row = rows.get(said.thing_id)
        if row is not None and _reads(reader, row, said):
            yield _event(
                said.recorded_at,
                said.recorded_at,
                E.text_saved,
                row.noun,
                row.id,
                who=(said.author_subject, said.author_role.value),
                what={"number": said.number},
                texts={said.field: said.text},
                disclosure=said.disclosure.value,
            )


def _reads(reader: Reader, row: Row, said: TextVersion) -> bool:
    return reader.reads_text(row, said.field, said.disclosure, said.author_subject)


def _looks(facts: Facts, rows: dict[UUID, Row], reader: Reader) -> Iterator[Event]:
    """Who looked and who was refused, when; to a clinician their own looks only."""
    for entry in facts.audit:
        seen = sorted(str(each) for each in set(entry.ids) & rows.keys())
        mine = entry.subject in reader.subjects
        if seen and (mine or reader.role is not Role.mental_health_lead):
            yield _look(facts, entry, seen)


def _look(facts: Facts, entry: AuditEntry, seen: list[str]) -> Event:
    what: Doc = {"operation": entry.operation, "status": entry.status, "ids": seen}
    if entry.code is not None:
        what["code"] = entry.code
    if entry.break_glass_id in facts.rows:
        what["break_glass_id"] = str(entry.break_glass_id)
    return _event(
        entry.recorded_at,
        entry.recorded_at,
        E(entry.act.value),
        "audit_entry",
        entry.id,
        who=(entry.subject, entry.role.value if entry.role else None),
        what=what,
    )


def _policies(rows: dict[UUID, Row]) -> Iterator[Event]:
    """The escalation policy each concern ran under, from its raising and from each reopening."""
    for row in rows.values():
        if row.noun != "concern":
            continue
        policies = [(row.recorded_at, row.first["policy"])]
        for number, former in enumerate(row.formers):
            if "policy" in former.former:
                policies.append((former.recorded_at, row.after(number)["policy"]))
        for since, policy in policies:
            what = {"policy": policy}
            yield _event(since, since, E.policy_in_force, row.noun, row.id, what=what)


def _duties(facts: Facts, rows: dict[UUID, Row]) -> Iterator[Event]:
    """Who was on duty while a concern was open."""
    open_times = [
        (row.recorded_at, _parsed(row.then["closed_at"]) or facts.as_at)
        for row in rows.values()
        if row.noun == "concern"
    ]
    duties = {duty.id: duty.then for duty in facts.duties}
    for row in (*facts.duties, *facts.parts):
        begins, ends = datetime.fromisoformat(row.then["starts_at"]), _parsed(row.then["ends_at"])
        meets = any(begins <= to and (ends is None or ends > since) for since, to in open_times)
        called_off = begins == ends or row.then.get("withdrawn_at") is not None
        if not meets or called_off:
            continue
        staff = facts.staff[UUID(row.then["staff_id"])].then
        what = {"post": row.then.get("post"), "staff_id": row.then["staff_id"]}
        if ends is not None:
            what["ends_at"] = row.then["ends_at"]
        if "duty_id" in row.then:
            duty = duties[UUID(row.then["duty_id"])]
            what |= {"post": duty["post"], "instead_of": duty["staff_id"]}
        who = staff["subject"], staff["role"]
        yield _event(begins, row.recorded_at, E.on_duty, row.noun, row.id, who=who, what=what)


def _parsed(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _configuration(facts: Facts) -> Iterator[Event]:
    """The prison's settings, as they were first and after each change."""
    row = facts.prison
    names = sorted(each.name for each in metadata.tables[row.noun].columns if keeps(row.noun, each))

    def told(since: datetime, doc: Doc, former: FormerValue | None) -> Event:
        what = {name: doc[name] for name in names}
        who = _who(former) if former else None
        return _event(since, since, E.configuration, row.noun, None, who=who, what=what)

    yield told(row.recorded_at, row.first, None)
    for number, former in enumerate(row.formers):
        yield told(former.recorded_at, row.after(number), former)


def _outages(facts: Facts) -> Iterator[Event]:
    for each in facts.outages:
        what = {"ended_at": clock.spell(each.ended_at)}
        yield _event(each.began_at, each.recorded_at, E.outage, "outage", each.id, what=what)


def _software(facts: Facts, since: datetime) -> Iterator[Event]:
    """Under what the processes ran: from the last start before the first event on."""
    before = [each.recorded_at for each in facts.software if each.recorded_at <= since]
    for each in facts.software:
        if before and each.recorded_at < max(before):
            continue
        what = {
            "process": each.process.value,
            "version": each.software_version,
            "build": each.build,
            "settings_digest": each.settings_digest,
            "reference_digests": each.reference_digests,
        }
        at = each.recorded_at
        yield _event(at, at, E.software_started, "software_start", each.id, what=what)
