"""Regime times as HMPPS holds them: read, taken in, and what is ours kept."""

import json
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from app.cli import importing as command
from app.config import Settings
from app.integrations.prison.documents import FileRefused
from app.integrations.prison.regime_times import (
    COLUMNS,
    WeekdayRefused,
    WeekdayRow,
    parse_csv,
    parse_json,
)
from app.models.regimes import Slot
from app.services import regime_imports
from tests.recorded import HMPPS, recorded
from tests.story import Wing

HEADER = ",".join(COLUMNS)


def day(prison: str = "SLI", **changes: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "prisonCode": prison,
        "dayOfWeek": "MONDAY",
        "amStart": "08:30",
        "amFinish": "11:30",
        "pmStart": "13:45",
        "pmFinish": "16:30",
        "edStart": "17:30",
        "edFinish": "19:30",
        **changes,
    }


def table(*lines: str) -> bytes:
    return "\n".join([HEADER, *lines]).encode()


@recorded
def test_the_recorded_table_is_read_whole() -> None:
    rows = parse_csv((HMPPS / "reference/prison_regime_times.csv").read_bytes())
    assert len(rows) == 182
    good = [row for row in rows if isinstance(row, WeekdayRow)]
    assert len(good) == 182
    assert {row.weekday for row in good} == set(range(1, 8))
    first = good[0]
    assert (first.prison, first.weekday, first.line) == ("ACI", 1, 2)
    assert first.slots == (
        (Slot.am, time(8, 30), time(11, 30)),
        (Slot.pm, time(13, 45), time(16, 30)),
        (Slot.ed, time(17, 30), time(19, 30)),
    )


@recorded
def test_the_recorded_answer_is_read() -> None:
    [row] = parse_json((HMPPS / "activities/GetPrisonRegime.json").read_bytes())
    assert isinstance(row, WeekdayRow)
    assert (row.prison, row.weekday) == ("MDI", 1)
    assert row.slots[2] == (Slot.ed, time(18), time(20))


def test_one_weekday_by_itself_is_an_answer_too() -> None:
    [row] = parse_json(json.dumps(day()).encode())
    assert isinstance(row, WeekdayRow)
    with pytest.raises(FileRefused, match="dayOfWeek"):
        parse_json(b'{"prisonerNumber": "A5193DY"}')


def test_a_slot_that_is_not_there_that_day_is_left_out() -> None:
    [row] = parse_csv(table("SLI,SUNDAY,08:30:00,11:30:00,13:45:00,16:30:00,,"))
    assert isinstance(row, WeekdayRow)
    assert [slot for slot, _, _ in row.slots] == [Slot.am, Slot.pm]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"prisonCode": None}, "prisonCode"),
        ({"prisonCode": "SWALESIDE"}, "prisonCode"),
        ({"dayOfWeek": "SOMEDAY"}, "dayOfWeek"),
        ({"dayOfWeek": 1}, "dayOfWeek"),
        ({"amStart": "early"}, "amStart"),
        ({"amStart": None}, "amStart"),
        ({"pmFinish": "13:45"}, "pmFinish"),
        ({"edStart": "17:30+01:00"}, "edStart"),
        ({"edFinish": 1930}, "edFinish"),
    ],
)
def test_a_bad_weekday_names_its_field_and_spoils_no_other(
    changes: dict[str, Any], field: str
) -> None:
    bad, good = parse_json(json.dumps([day(**changes), day()]).encode())
    assert isinstance(good, WeekdayRow)
    assert isinstance(bad, WeekdayRefused)
    assert bad.field == field
    assert bad.reason.startswith(f"{field} ")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a,b\n1,2",
        b"\xff\xfe",
        HEADER.replace("am_start", "start").encode(),
        table(*["SLI,MONDAY,,,,,,"] * 10_001),
        table('SLI,"' + "x" * 200_000),
    ],
)
def test_what_is_no_table_is_refused_whole(data: bytes) -> None:
    with pytest.raises(FileRefused):
        parse_csv(data)


def test_a_line_with_too_few_columns_is_refused_by_itself() -> None:
    bad, good = parse_csv(table("SLI,MONDAY", "SLI,MONDAY,08:30,11:30,,,,", ""))
    assert isinstance(bad, WeekdayRefused)
    assert isinstance(good, WeekdayRow)


async def imports(wing: Wing, *rows: Any) -> Any:
    report = await wing.support_worker.post("regimes/import", list(rows))
    return [row["outcome"] for row in report["rows"]]


async def test_the_night_and_the_lock_up_are_ours_and_are_kept(wing: Wing) -> None:
    night = {"slot": "NIGHT", "starts": "20:00:00", "ends": "07:00:00"}
    ours = {
        "lock_up": "18:45:00",
        "slots": [night, {"slot": "AM", "starts": "09:00:00", "ends": "11:00:00"}],
    }
    await wing.support_worker.put("regimes/1", ours, 201, headers={})
    assert await imports(wing, day(wing.prison_id), day("ZZZ")) == ["updated", "kept_out"]
    found = await wing.support_worker.get("regimes/1")
    assert found["lock_up"] == "18:45:00"
    assert [slot["slot"] for slot in found["slots"]] == ["AM", "PM", "ED", "NIGHT"]
    assert found["slots"][0] == {"slot": "AM", "starts": "08:30:00", "ends": "11:30:00"}
    assert found["slots"][3] == night
    assert await imports(wing, day(wing.prison_id)) == ["unchanged"]
    assert (await wing.support_worker.get("regimes/1"))["version"] == found["version"]


async def test_a_weekday_that_was_not_set_is_locked_up_after_its_last_slot(wing: Wing) -> None:
    report = await wing.governor.post("regimes/import", [day(wing.prison_id)])
    [row] = report["rows"]
    assert (row["outcome"], row["reason"]) == ("created", regime_imports.ASSUMED)
    assert (await wing.support_worker.get("regimes/1"))["lock_up"] == "19:30:00"


async def test_of_two_for_a_weekday_the_last_counts_and_one_without_slots_is_refused(
    wing: Wing,
) -> None:
    none = dict.fromkeys(["amStart", "amFinish", "pmStart", "pmFinish", "edStart", "edFinish"])
    early = day(wing.prison_id, amStart="07:00")
    empty = day(wing.prison_id, dayOfWeek="SUNDAY", **none)
    outcomes = await imports(wing, early, day(wing.prison_id), empty)
    assert outcomes == ["unchanged", "created", "refused"]
    found = await wing.support_worker.get("regimes/1")
    assert found["slots"][0]["starts"] == "08:30:00"
    await wing.support_worker.get("regimes/7", expect=404)


async def test_slots_that_overlap_are_refused_by_themselves(wing: Wing) -> None:
    both = day(wing.prison_id, dayOfWeek="TUESDAY", pmStart="11:00")
    assert await imports(wing, both, day(wing.prison_id)) == ["refused", "created"]
    night = {"slot": "NIGHT", "starts": "19:30:00", "ends": "08:30:00"}
    stands = await wing.support_worker.get("regimes/1")
    body = {"lock_up": "19:30:00", "slots": [*stands["slots"], night]}
    await wing.governor.put("regimes/1", body)
    late = day(wing.prison_id, edFinish="20:00")
    assert await imports(wing, late) == ["refused"]
    assert (await wing.support_worker.get("regimes/1"))["slots"][-1] == night


async def test_only_those_who_set_the_regime_take_it_in(wing: Wing) -> None:
    machine = await wing.lets_in("events.write")
    for caller in (wing.clinician, wing.officer, machine, await wing.founder()):
        await caller.post("regimes/import", [day(wing.prison_id)], 403)
    refused = await wing.governor.post("regimes/import", expect=422, content=b"[{")
    assert refused["errors"][0]["code"] == "file_refused"


@recorded
async def test_the_command_takes_in_both_files(
    wing: Wing, settings: Settings, tmp_path: Path
) -> None:
    recorded_table = (HMPPS / "reference/prison_regime_times.csv").read_text()
    ours = tmp_path / "times.csv"
    ours.write_text(recorded_table.replace("ACI,", f"{wing.prison_id},"))
    answer = HMPPS / "activities/GetPrisonRegime.json"
    hows = {ours: command.table, answer: command.answer}
    first, second = await command.take_in(settings, wing.prison_id, hows, "cli.import_regimes")
    assert first.report
    assert (first.report.counts["created"], first.report.counts["kept_out"]) == (7, 175)
    assert len((await wing.support_worker.get("regimes"))["items"]) == 7
    assert second.report
    assert second.report.counts["kept_out"] == 1
