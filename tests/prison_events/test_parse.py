"""Reading HMPPS's schedules, without a database: the shapes, the kinds, and what is left out."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.integrations.prison.documents import FileRefused
from app.integrations.prison.schedules import EventRefused, EventRow, parse
from app.models.prison_events import PrisonEventKind
from app.services.event_imports import repeated, times
from tests.recorded import HMPPS, recorded

K = PrisonEventKind
LONDON = ZoneInfo("Europe/London")


def event(**changes: Any) -> dict[str, Any]:
    return {
        "offenderNo": "A5193DY",
        "locationId": 26958,
        "event": "MEDE",
        "eventDescription": "Medical - Dentist",
        "eventLocation": "MDT",
        "comment": "Tooth hurty",
        "startTime": "2026-11-24T14:30:00",
        "endTime": "2026-11-24T15:00:00",
        **changes,
    }


def read(*documents: Any) -> list[EventRow | EventRefused]:
    return parse(json.dumps(list(documents)).encode())


def only(document: Any) -> EventRow:
    [row] = read(document)
    assert isinstance(row, EventRow), row
    return row


@recorded
@pytest.mark.parametrize(
    ("name", "kind", "ends", "ids"),
    [
        ("court-events-1", K.court, False, {"474677532", "474677531"}),
        ("visits-1", K.visit, False, {"visit@2022-12-14T14:30", "visit@2022-12-14T17:00"}),
        (
            "appointments-1",
            K.appointment,
            True,
            {"appointment@2022-12-14T14:30", "appointment@2022-12-14T17:00"},
        ),
        (
            "activities-1",
            K.activity,
            True,
            {"activity@2022-12-14T14:30", "activity@2022-12-14T17:00"},
        ),
    ],
)
def test_the_recorded_files_are_read(
    name: str, kind: PrisonEventKind, ends: bool, ids: set[str]
) -> None:
    data = (HMPPS / f"prison-api-schedules/{name}.json").read_bytes()
    rows = parse(data)
    assert all(isinstance(row, EventRow) for row in rows)
    found = [row for row in rows if isinstance(row, EventRow)]
    assert [row.position for row in found] == [1, 2]
    assert {row.kind for row in found} == {kind}
    assert [row.ends is not None for row in found] == [ends] * 2
    assert {row.source_id for row in found} == ids
    assert not any(row.called_off for row in found), "one that has expired was none the less one"


def test_nothing_of_what_it_is_for_is_taken() -> None:
    said = repr(only(event()))
    for word in ("MEDE", "Dentist", "Tooth", "MDT", "26958"):
        assert word not in said


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"event": "CRT", "eventType": "COURT"}, K.court),
        ({"event": "CRT"}, K.court),
        ({"event": "NOTR", "eventType": "TRANSFER"}, K.transfer),
        ({"event": "VISIT"}, K.visit),
        ({"event": "visit "}, K.visit),
        ({"event": "OIC"}, K.adjudication),
        ({"event": "OIC", "eventType": "APP_OF_SOME_SORT"}, K.adjudication),
        ({"event": "ACTIVITY"}, K.activity),
        ({"event": "EDUC", "eventType": "PRISON_ACT"}, K.activity),
        ({"event": "GOVE"}, K.appointment),
        ({"event": "GOVE", "eventType": "APP"}, K.appointment),
    ],
)
def test_kinds(changes: dict[str, Any], kind: PrisonEventKind) -> None:
    assert only(event(**changes)).kind is kind


def test_the_kinds_stand_in_the_order_of_the_domain() -> None:
    words = ["court", "transfer", "visit", "adjudication", "appointment", "activity"]
    assert [kind.value for kind in PrisonEventKind] == words


@pytest.mark.parametrize(
    ("changes", "off"),
    [
        ({}, False),
        ({"eventStatus": "SCH"}, False),
        ({"eventStatus": "EXP"}, False),
        ({"eventStatus": "COMP"}, False),
        ({"eventStatus": "CANC"}, True),
        ({"eventStatus": "canc"}, True),
        ({"excluded": True}, True),
        ({"suspended": True}, True),
        ({"excluded": False, "suspended": "true"}, False),
    ],
)
def test_what_is_called_off(changes: dict[str, Any], off: bool) -> None:
    assert only(event(**changes)).called_off is off


@pytest.mark.parametrize("said", [474677532, "474677532", "000474677532", " 474677532 "])
def test_an_id_is_one_however_it_is_spelt(said: Any) -> None:
    assert only(event(eventId=said)).source_id == "474677532"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"offenderNo": None}, "offenderNo"),
        ({"offenderNo": "A1"}, "offenderNo"),
        ({"event": None}, "event"),
        ({"event": "see notes"}, "event"),
        ({"event": 7}, "event"),
        ({"startTime": None}, "startTime"),
        ({"startTime": "soon"}, "startTime"),
        ({"startTime": 20261124}, "startTime"),
        ({"startTime": "0001-01-01T00:00:00"}, "startTime"),
        ({"endTime": "later"}, "endTime"),
        ({"eventId": 0}, "eventId"),
        ({"eventId": True}, "eventId"),
        ({"eventId": "x1"}, "eventId"),
        ({"eventId": 1.5}, "eventId"),
        ({"eventId": "9" * 19}, "eventId"),
    ],
)
def test_a_bad_row_names_its_field_and_quotes_nothing(changes: dict[str, Any], field: str) -> None:
    bad, good = read(event(**changes), event())
    assert isinstance(bad, EventRefused)
    assert isinstance(good, EventRow)
    assert bad.field == field
    assert bad.reason.startswith(f"{field} ")
    assert "notes" not in bad.reason


def test_one_event_by_itself_is_a_file_too() -> None:
    [row] = parse(json.dumps(event()).encode())
    assert isinstance(row, EventRow)
    with pytest.raises(FileRefused, match="offenderNo"):
        parse(b'{"prisonerNumber": "A5193DY"}')


def test_what_is_no_object_is_refused_and_a_file_cut_off_whole() -> None:
    [bad] = read("a word")
    assert isinstance(bad, EventRefused)
    with pytest.raises(FileRefused):
        parse(json.dumps([event()]).encode()[:-3])


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-24T14:30:00", "2026-11-24T15:30:00", 1),
        ("2026-10-25T00:30:00", "2026-10-25T01:30:00", 2),  # the hour that comes twice: whole
        ("2026-10-25T01:30:00", "2026-10-25T02:30:00", 2),
        ("2026-03-29T00:30:00", "2026-03-29T02:30:00", 1),  # the hour that is left out
        ("2026-03-29T00:30:00", "2026-03-29T01:30:00", 1),  # an end that never comes
        ("2026-03-29T01:15:00", "2026-03-29T01:45:00", 0.5),
        ("2026-07-01T14:30:00", "2026-07-01T14:30:00Z", 1),  # with an offset, what it says
    ],
)
def test_times_are_the_prisons_wall_clock(start: str, end: str, hours: float) -> None:
    starts_at, ends_at = times(only(event(startTime=start, endTime=end)), LONDON)
    assert (ends_at - starts_at).total_seconds() == hours * 3600


@pytest.mark.parametrize(
    ("code", "hours"),
    [("CRT", 8), ("TRN", 12), ("VISIT", 2), ("OIC", 2), ("GOVE", 1), ("ACTIVITY", 3)],
)
def test_without_an_end_it_lasts_as_long_as_is_common(code: str, hours: int) -> None:
    starts_at, ends_at = times(only(event(event=code, endTime=None)), LONDON)
    assert starts_at == datetime.fromisoformat("2026-11-24T14:30:00+00:00")
    assert (ends_at - starts_at).total_seconds() == hours * 3600


@pytest.mark.parametrize(
    ("one", "other", "lost"),
    [
        ({}, {"endTime": "2026-11-24T16:00:00"}, {1}),
        ({"endTime": "2026-11-24T16:00:00"}, {}, {2}),
        ({}, {}, {2}),
        ({"eventStatus": "CANC", "endTime": "2026-11-24T18:00:00"}, {}, {1}),
        ({}, {"eventStatus": "CANC"}, {2}),
        ({}, {"event": "GOVE"}, {2}),  # two appointments at once are one time taken
        ({}, {"event": "VISIT"}, set()),
        ({}, {"offenderNo": "A5193DZ"}, set()),
        ({"eventId": 1}, {"eventId": 2}, set()),
        ({}, {"endTime": "2027-11-24T15:00:00"}, set()),  # refused for its length
        ({"endTime": "2026-11-24T14:00:00"}, {}, set()),
    ],
)
def test_of_rows_about_one_event_the_longest_that_takes_place_counts(
    one: dict[str, Any], other: dict[str, Any], lost: set[int]
) -> None:
    assert repeated(read(event(**one), event(**other)), LONDON) == lost
