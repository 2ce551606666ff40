"""Reports of a period as tables, as a spreadsheet and as pictures; and who reads them."""

import csv
import io
from datetime import timedelta

import pytest

from app import clock
from app.models.report_tables import Measure, ReportName, Unit
from app.report_picture import told_apart
from app.services.reports import REPORTS
from app.services.reports.tables import counts, in_words, medians, said, shares
from tests.house.answers import fields
from tests.story import Wing


def test_every_report_has_its_tables() -> None:
    assert set(REPORTS) == set(ReportName)


def test_a_share_stands_with_its_denominator_and_its_interval() -> None:
    table = shares("shares", "Came", Unit.sessions, {"all": (8, 14), "none": (0, 0)})
    all_of_them, none = table.rows
    assert table.measure is Measure.share
    assert (all_of_them.value, all_of_them.of, all_of_them.percent) == (8, 14, 57.1)
    assert all_of_them.interval is not None
    assert (all_of_them.interval.low, all_of_them.interval.high) == (32.6, 78.6)
    assert (none.percent, none.interval) == (None, None)
    assert said(all_of_them, table) == "8 of 14 (57.1 %)"


def test_a_median_stands_with_how_many_were_timed() -> None:
    table = medians("waits", "Waited", Unit.sessions, {"some": [9, 1, 2], "none": []})
    some, none = table.rows
    assert (some.value, some.of, some.p90) == (2, 3, 9)
    assert (none.value, none.of, none.p90) == (None, 0, None)
    assert (
        in_words("Waits", [table]) == "Waits. Waited: some 2, nine in ten by 9 (of 3); none none."
    )


def test_what_is_in_no_row_is_told() -> None:
    table = counts("n", "N", Unit.sessions, {"a": 1}, missing={"unknown": 2})
    assert table.missing == {"unknown": 2}
    assert in_words("N", [table]) == "N. N: a 1. In no row: unknown 2."


def test_of_a_long_table_the_picture_draws_only_what_there_is() -> None:
    many = {f"code_{number}": (number == 3) * 1 for number in range(8)}
    shown, none = told_apart(counts("n", "N", Unit.sessions, many))
    assert [row.key for row in shown] == ["code_3"]
    assert len(none) == 7
    few = counts("n", "N", Unit.sessions, {"a": 0, "b": 1})
    assert [row.key for row in told_apart(few)[0]] == ["a", "b"]


@pytest.mark.parametrize("name", ReportName)
async def test_every_report_of_an_empty_prison_answers_in_every_format(
    wing: Wing, name: ReportName
) -> None:
    path = f"reports/{name.value}"
    for reader in (wing.support_worker, wing.clinician, wing.governor):
        found = await reader.get(path)
        assert (found["report"], found["title"]) == (name.value, REPORTS[name].title)
        assert found["tables"] or name is ReportName.experience  # no round was closed
    table = await wing.governor.request("GET", f"{path}?format=csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert {each["table"] for each in rows} <= {each["table"] for each in found["tables"]}
    drawing = await wing.governor.request("GET", f"{path}?format=svg")
    assert REPORTS[name].title in drawing.text
    points = await wing.governor.request("GET", f"{path}?format=png")
    assert points.content.startswith(b"\x89PNG")


async def test_reports_are_of_staff_and_of_sound_periods(wing: Wing) -> None:
    for caller in (wing.officer, await wing.active_mentor()):
        await caller.get("reports/activity", expect=403)
    today = clock.now().date()
    late = await wing.governor.get(
        f"reports/activity?from={today}&to={today - timedelta(days=1)}", expect=422
    )
    assert fields(late) == ["from"]
    await wing.governor.get("reports/anything", expect=404)
