"""A founder who is copied is the founder whom the services make."""

import json
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from app import clock
from tests import founders
from tests.before import Before
from tests.story import Wing


async def _written(before: Before, make: Any) -> founders.Rows:
    """The rows that making one writes, in order."""
    async with before.db.write(before.prison_id) as session:
        there = await founders.rows_of(session)
    await make(before)
    async with before.db.write(before.prison_id) as session:
        after = await founders.rows_of(session)
    assert _without_ids(after) == _without_ids(there)
    new = founders.what_is_new(after, there)
    return {name: sorted(rows, key=lambda row: row["id"]) for name, rows in sorted(new.items())}


def _without_ids(rows: founders.Rows) -> founders.Rows:
    """What a copy could not tell from what was there."""
    return {name: some for name, some in rows.items() if some and "id" not in some[0]}


def _plain(rows: founders.Rows) -> Any:
    """Without what differs between any two: ids become their order, names one name, and times
    whether they are there."""
    ids = sorted(row["id"] for some in rows.values() for row in some)
    (person,) = rows["person"]
    said = json.dumps(rows)
    for number, each in enumerate(ids):
        said = said.replace(each, f"<{number}>")
    for name in ("number", "last_name", "identity_id"):
        said = said.replace(person[name], f"<{name}>")
    return json.loads(said, object_hook=_without_times)


def _without_times(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: "<time>" if _a_time(value) else value
        for name, value in row.items()
        if name not in founders.OWN or not value
    }


def _a_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and "T" in value and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


async def test_a_copy_is_what_the_services_write(
    wing: Wing, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await _written(wing.before, lambda before: before.founded())
    monkeypatch.setattr(founders, "_pattern", None)
    await founders.found(wing.before)
    pattern = founders._pattern
    assert pattern
    async with wing.db.write(wing.prison_id) as session:  # as if there were room for a third
        await session.execute(text("UPDATE history SET reason = NULL WHERE reason IS NOT NULL"))
    copied = await _written(wing.before, founders.found)
    assert founders._pattern is pattern
    assert len(copied) > 8
    assert _plain(copied) == _plain(made)


async def test_a_third_and_one_at_another_time_are_made_by_the_services(
    wing: Wing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(founders, "_copied", None)  # would raise
    monkeypatch.setattr(founders, "_pattern", None)
    clock.forward(days=1)
    await founders.found(wing.before)
    assert founders._pattern is None
    clock.set_offset(clock.offset() * 0)
    await founders.found(wing.before)
    assert founders._pattern is not None
    with pytest.raises(Exception, match="founding"):
        await founders.found(wing.before)
