"""What HMPPS answers is read exactly, row by row. The files: test_prisoner_search_files.py."""

import json
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.integrations.prison.prisoner_search import (
    Placement,
    PrisonerRow,
    RowRefused,
    parse,
    placement,
    polite,
    superseded,
)
from app.integrations.prison.synthetic import document

TODAY = date(2026, 11, 1)
RECORDED = Path(__file__).parents[2] / "../shared/data/hmpps/prisoner-search"
FILES = sorted(RECORDED.rglob("*.json"))
recorded = pytest.mark.skipif(not FILES, reason="the recorded HMPPS data is not here")


def prisoner(**changes: Any) -> dict[str, Any]:
    """A document with these keys changed; None stands for JSON's null."""
    return document(0) | changes


def read(*documents: Any) -> list[PrisonerRow | RowRefused]:
    return parse(json.dumps(documents).encode(), today=TODAY)


def row(**changes: Any) -> PrisonerRow:
    (only,) = read(prisoner(**changes))
    assert isinstance(only, PrisonerRow), only
    return only


def refused(**changes: Any) -> RowRefused:
    (only,) = read(prisoner(**changes))
    assert isinstance(only, RowRefused), only
    return only


def alert(code: Any, active: Any = True, expired: Any = False) -> dict[str, Any]:
    return {"alertType": "X", "alertCode": code, "active": active, "expired": expired}


# Recorded answers -------------------------------------------------------------------------------


@recorded
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_recorded_file_is_read_whole(path: Path) -> None:
    told = json.loads(path.read_bytes())
    expected = told.get("content", [told])
    rows = parse(path.read_bytes(), today=TODAY)
    assert len(rows) == len(expected)
    for got, told_one in zip(rows, expected, strict=True):
        assert isinstance(got, PrisonerRow)
        assert got.number == told_one["prisonerNumber"]
        assert got.date_of_birth == (
            date.fromisoformat(told_one["dateOfBirth"]) if "dateOfBirth" in told_one else None
        )
        assert f'"{got.number}"' in path.read_text().splitlines()[got.line]  # "{", then the number


@recorded
def test_the_large_page_without_a_single_date_of_birth() -> None:
    rows = parse((RECORDED / "all-prisoners.json").read_bytes())
    good = [r for r in rows if isinstance(r, PrisonerRow)]
    assert len(good) == 20
    assert {r.date_of_birth for r in good} == {None}
    assert {placement(r, "PVI") for r in good} == {Placement.here}
    assert sum(r.away for r in good) == 4
    assert {r.away_reason for r in good} == {None, "temporary_absence"}
    assert {r.alerts for r in good} == {()}, "XTACT and SOR tell of offences: not held"


@recorded
@pytest.mark.parametrize(
    ("name", "prison", "where", "away", "why"),
    [
        ("court-in-same-prison", "WWI", Placement.here, False, None),  # RETURN_FROM_COURT
        ("court-out", "WWI", Placement.here, True, "court"),
        ("tap-in-same-prison", "WWI", Placement.here, False, None),
        ("tap-out", "WWI", Placement.here, True, "temporary_absence"),
        ("transfer-in", "WWI", Placement.here, False, None),
        ("transfer-in", "SLI", Placement.elsewhere, False, None),
        ("transfer-out", "WWI", Placement.in_transit, True, "other"),
        ("released", "WWI", Placement.out, True, "other"),
        ("first-new-booking", "NMI", Placement.here, False, None),
        ("recalled", "NMI", Placement.here, False, None),
        ("new-prisoner", "NMI", Placement.unknown, False, None),
    ],
)
def test_the_ten_recorded_states(
    name: str, prison: str, where: Placement, away: bool, why: str | None
) -> None:
    (got,) = parse((RECORDED / "state-changes" / f"{name}.json").read_bytes())
    assert isinstance(got, PrisonerRow)
    assert (placement(got, prison), got.away, got.away_reason) == (where, away, why)


# One row ----------------------------------------------------------------------------------------


def test_everything_that_is_kept_and_nothing_else() -> None:
    held = {field.name for field in fields(PrisonerRow)}
    assert held == {
        *("position", "line", "number", "first_name", "middle_names", "last_name"),
        *("date_of_birth", "prison_id", "cell_location", "status", "in_out", "last_movement"),
        *("booking_id", "alerts"),
    }
    secret = "SECRET"
    unheld = ("ethnicity", "religion", "legalStatus", "imprisonmentStatus", "category", "csra")
    assert secret not in repr(row(**dict.fromkeys(unheld, secret)))


def test_a_row_is_trimmed_and_its_number_in_capitals() -> None:
    got = row(prisonerNumber=" a1234bc\n", firstName=" Sam ", middleNames="", cellLocation="RECP")
    assert (got.number, got.first_name, got.middle_names) == ("A1234BC", "Sam", None)
    assert got.cell_location == "RECP"


@pytest.mark.parametrize(
    "number",
    ["", "A1234B", "A1234BCD", "1234ABC", "A١٢٣٤BC", "A1234ß", "A1234B\u0131", None, 7, {}],
)
def test_a_number_of_another_shape_is_refused(number: Any) -> None:
    got = refused(prisonerNumber=number)
    assert got.field == "prisonerNumber"
    assert got.number == (number if isinstance(number, str) else None)
    assert got.reason.startswith("prisonerNumber ")
    assert got.reason.endswith(".")


@pytest.mark.parametrize("number", ["A" * 21, "A1\x00", "A\ud800"])
def test_a_number_that_cannot_be_stored_is_not_quoted(number: str) -> None:
    assert refused(prisonerNumber=number).number is None


@pytest.mark.parametrize("key", ["firstName", "lastName", "middleNames", "cellLocation", "status"])
@pytest.mark.parametrize("text", ["A\x00B", "A\ud800", "A\nB", "A\x9fB", "x" * 101, 7, ["A"], True])
def test_a_text_that_cannot_be_kept_names_its_field(key: str, text: Any) -> None:
    got = refused(**{key: text})
    assert (got.field, got.number) == (key, "Z0001ZZ")


def test_a_hundred_characters_fit_after_trimming() -> None:
    assert row(firstName="  " + "é" * 100 + "  ").first_name == "é" * 100


@pytest.mark.parametrize("name", [None, "", "  \t "])
def test_a_first_and_a_last_name_are_needed(name: str | None) -> None:
    assert refused(firstName=name).reason == "firstName is missing or blank."
    assert refused(lastName=name).field == "lastName"


@pytest.mark.parametrize(
    "text",
    [
        *("2026-11-02", "1899-12-31", "1990-02-30", "19900815", "1990-W01-1", "15/08/1990"),
        *("1990-08-15T00:00:00", "0000-00-00", "١٩٩٠-٠٨-١٥", 19900815, True),
    ],
)
def test_an_absurd_date_of_birth_is_refused(text: Any) -> None:
    assert refused(dateOfBirth=text).field == "dateOfBirth"


def test_a_date_of_birth_may_be_absent_or_at_the_edge() -> None:
    assert row(dateOfBirth=None).date_of_birth is None
    assert row(dateOfBirth="1900-01-01").date_of_birth == date(1900, 1, 1)
    assert row(dateOfBirth="2026-11-01").date_of_birth == TODAY


@pytest.mark.parametrize(
    ("given_id", "kept"),
    [
        *(("1203208", "1203208"), (1203208, "1203208"), ("0001203208", "1203208"), (" 07 ", "7")),
        *(("000", "0"), (0, "0"), (None, None), ("", None)),
    ],
)
def test_a_booking_id_is_one_thing_however_it_is_spelled(given_id: Any, kept: str | None) -> None:
    assert row(bookingId=given_id).booking_id == kept


@pytest.mark.parametrize("given_id", [-1, 1.5, True, "12a", "1" * 21, 10**30, [], "+1", "１２"])
def test_a_booking_id_that_is_none_is_refused(given_id: Any) -> None:
    assert refused(bookingId=given_id).field == "bookingId"


def test_only_active_kept_alerts_are_kept_once_in_their_order() -> None:
    codes = [alert("XIT"), alert("ha"), alert("HC", expired=True), alert("HA1", active=False)]
    codes += [alert("XIT"), alert("SOR"), alert("XA"), alert("RNO121", expired=None)]
    assert row(alerts=codes).alerts == ("XIT", "HA", "RNO121")
    assert row(alerts=None).alerts == row(alerts=[]).alerts == ()


@pytest.mark.parametrize(
    ("alerts", "field"),
    [
        ("HA", "alerts"),
        ({}, "alerts"),
        (["HA"], "alerts[0]"),
        ([alert("XIT"), alert(None)], "alerts[1].alertCode"),
        ([alert("H A")], "alerts[0].alertCode"),
        ([alert("HA", active="yes")], "alerts[0]"),
        ([alert("HA", active=None)], "alerts[0]"),
        ([alert("HA", expired="no")], "alerts[0]"),
    ],
)
def test_an_alert_that_cannot_be_read_refuses_the_row(alerts: Any, field: str) -> None:
    assert refused(alerts=alerts).field == field


@pytest.mark.parametrize("value", ["SLIX", "S1I", "SL", "\u0131N", 3])
def test_a_prison_or_presence_of_another_shape_is_refused(value: Any) -> None:
    assert refused(prisonId=value).field == "prisonId"
    assert refused(inOutStatus=value).field == "inOutStatus"


# Where people are -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prison_id", "where"),
    [
        *(("SLI", "here"), ("sli", "here"), ("LEI", "elsewhere"), ("OUT", "out")),
        *(("TRN", "in_transit"), (None, "unknown"), ("", "unknown")),
    ],
)
def test_placement_follows_the_prison_id_alone(prison_id: str | None, where: str) -> None:
    for in_out in ("IN", "OUT", "TRN", None):
        assert placement(row(prisonId=prison_id, inOutStatus=in_out), "SLI") == where


def test_no_pseudo_prison_is_ever_here() -> None:
    assert placement(row(prisonId="OUT"), "OUT") is Placement.out
    assert placement(row(prisonId="TRN"), "TRN") is Placement.in_transit


@pytest.mark.parametrize(
    ("in_out", "status", "cell", "away"),
    [
        ("OUT", "ACTIVE OUT", "A-1-001", True),
        ("IN", "ACTIVE IN", "COURT", False),
        ("OUT", "ACTIVE IN", "A-1-001", True),
        (None, "ACTIVE OUT", "A-1-001", True),
        (None, "ACTIVE IN", "COURT", False),
        (None, None, "COURT", True),
        (None, None, "TAP", True),
        (None, None, "RECP", False),
        (None, None, None, False),
        (None, "SOMETHING ELSE", "TAP", True),
    ],
)
def test_away_is_decided_by_the_first_that_is_given(
    in_out: str | None, status: str | None, cell: str | None, away: bool
) -> None:
    assert row(inOutStatus=in_out, status=status, cellLocation=cell).away is away


def test_why_someone_is_away() -> None:
    def why(movement: str, cell: str) -> str | None:
        out = row(inOutStatus="OUT", lastMovementTypeCode=movement, cellLocation=cell)
        return out.away_reason

    assert why("CRT", "A-1-001") == why("ADM", "COURT") == "court"
    assert why("TAP", "COURT") == why("ADM", "TAP") == "temporary_absence"
    assert why("ADM", "A-1-001") == "other"
    assert row().away_reason is None


# Twice in one file ------------------------------------------------------------------------------


def test_of_the_same_prisoner_the_last_good_row_counts() -> None:
    twice = prisoner(prisonerNumber="z0001zz")
    rows = read(twice, document(1), prisoner(), prisoner(firstName=None), document(1), prisoner())
    assert superseded(rows) == {1: 6, 2: 5, 3: 6}
    assert superseded(read(document(0), document(1), prisoner(lastName=None))) == {}


# Names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        *(("JIMBOB", "Jimbob"), ("O'BRIEN", "O'Brien"), ("o’brien", "O’Brien")),
        *(("MC DONALD", "Mc Donald"), ("MCDONALD", "McDonald"), ("MCCABE", "McCabe")),
        *(
            ("SMITH-JONES", "Smith-Jones"),
            ("RA'EES", "Ra'ees"),
            ("MACKIE", "Mackie"),
            ("MCA", "Mca"),
        ),
        *(("ÉLODIE ANN", "Élodie Ann"), ("E\u0301LODIE", "Élodie"), ("van Dijk", "van Dijk")),
        *(("McDonald", "McDonald"), ("J117", "J117"), ("O'", "O'"), ("李", "李"), ("X", "X")),
    ],
)
def test_names_are_shown_politely(given_name: str, shown: str) -> None:
    assert polite(given_name) == shown


def test_a_display_name_leaves_the_name_as_given() -> None:
    got = row(firstName="JIMBOB", lastName="JACKS")
    assert (got.display_name, got.last_name) == ("Jimbob Jacks", "JACKS")


@given(st.text())
def test_politeness_never_fails_and_is_stable(name: str) -> None:
    assert polite(polite(name)) == polite(name) or not name.isascii()
