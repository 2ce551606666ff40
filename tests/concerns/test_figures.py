"""How soon people came: what is counted and how, and who reads it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import clock
from app.models.concerns import ConcernClock, Doors
from app.models.staff import StaffRole
from app.services.concerns.figures import Timed, in_words, reckoned
from app.services.escalation import Immediacy
from app.services.figures import nearest_rank, wilson
from tests.concerns.conftest import Night
from tests.contact_requests.test_routes import set_regime

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
C = ConcernClock


def timed(
    *,
    acknowledged: timedelta | None = None,
    within: timedelta = HOUR,
    closed: timedelta | None = None,
    locked: bool = False,
    immediacy: Immediacy = Immediacy.now,
) -> Timed:
    def then(after: timedelta | None) -> datetime | None:
        return None if after is None else AT + after

    return Timed(
        immediacy,
        locked,
        AT,
        then(closed),
        {
            C.paged: (AT + timedelta(seconds=30), None),
            C.acknowledged: (then(acknowledged), AT + within),
            C.seen: (None, AT + 4 * HOUR),
            C.decided: (None, AT + 4 * HOUR),
        },
    )


def of(found: Any, name: ConcernClock, doors: Doors = Doors.any, immediacy: Any = None) -> Any:
    [one] = [
        each
        for each in found
        if (each.clock, each.doors, each.immediacy) == (name, doors, immediacy)
    ]
    return one


def test_percentiles_are_values_that_were_measured() -> None:
    assert nearest_rank([1.0, 2.0, 3.0], 0.5) == 2.0
    assert nearest_rank([1.0, 2.0], 0.9) == nearest_rank([2.0], 0.01) == 2.0
    for values, share in (([], 0.5), ([1.0], 0), ([1.0], 1.1)):
        with pytest.raises(ValueError, match="percentile"):
            nearest_rank(values, share)


@pytest.mark.parametrize(
    ("count", "of_all", "low", "high"),
    [(0, 10, 0.0, 0.2775), (3, 10, 0.1078, 0.6032), (38, 60, 0.5068, 0.7438), (5, 5, 0.5655, 1.0)],
)
def test_the_interval_is_wilsons(count: int, of_all: int, low: float, high: float) -> None:
    assert wilson(count, of_all) == pytest.approx((low, high), abs=5e-5)


def test_late_is_what_was_done_after_its_time_or_is_not_done_when_it_is_over() -> None:
    rows = [
        timed(acknowledged=0.5 * HOUR),
        timed(acknowledged=2 * HOUR),
        timed(),  # still open, and its time is over
        timed(within=12 * HOUR),  # still open, and within it
        timed(closed=0.5 * HOUR),  # over before its time, without
        timed(closed=3 * HOUR),  # over after it
    ]
    found = of(reckoned(rows, AT + 6 * HOUR), C.acknowledged)
    assert (found.due, found.running, found.breached, found.done) == (5, 1, 3, 2)
    assert found.breached_percent == 60.0
    assert found.interval.low < 60.0 < found.interval.high
    assert (found.median_minutes, found.p90_minutes) == (75.0, 120.0)


def test_a_page_has_no_deadline_and_nothing_is_nothing() -> None:
    found = list(reckoned([timed()], AT + HOUR))
    paged = of(found, C.paged)
    assert (paged.due, paged.breached_percent, paged.interval) == (1, None, None)
    assert paged.median_minutes == 0.5
    empty = of(reckoned([], AT), C.seen)
    assert (empty.due, empty.breached_percent, empty.median_minutes) == (0, None, None)
    assert in_words([empty]) == "No concern's time was over in this period."


def test_day_and_night_and_every_immediacy_add_up() -> None:
    rows = [
        timed(acknowledged=HOUR, locked=True),
        timed(acknowledged=HOUR, immediacy=Immediacy.routine),
    ]
    found = list(reckoned(rows, AT + 9 * HOUR))
    counts = [of(found, C.acknowledged, doors).done for doors in Doors]
    assert counts == [2, 1, 1]
    each = [of(found, C.acknowledged, Doors.locked, one).done for one in Immediacy]
    assert each == [1, 0, 0, 0]


async def test_a_night_and_a_day_are_told_apart(night: Night) -> None:
    await set_regime(night.wing)
    await night.sweep()
    raised = await night.raises()
    await night.sweep()
    clock.forward(minutes=10)
    await night.wing.clinician.post(f"concerns/{raised['id']}/acknowledgement", {}, 200)
    found = await night.wing.governor.get("concerns/figures")
    assert found["concerns"] == 1
    rows = {(row["immediacy"], row["doors"], row["clock"]): row for row in found["figures"]}
    done = rows["now", "any", "acknowledged"]
    assert (done["due"], done["breached"], done["breached_percent"]) == (1, 0, 0.0)
    assert 9.9 < done["median_minutes"] < 10.2
    assert rows["now", "any", "seen"]["running"] == 1
    assert rows[None, "any", "paged"]["done"] == 1
    both = [rows[None, doors, "acknowledged"]["done"] for doors in ("unlocked", "locked")]
    assert sorted(both) == [0, 1]
    assert found["description"].startswith("now, paged: median 0.0")


async def test_who_reads_them_and_what_is_kept_from_them_is_not_in_them(night: Night) -> None:
    wing = night.wing
    await night.raises()
    about = {"about_staff_id": str(wing.support_worker.staff_id), "kind": "misconduct"}
    await night.raises(wing.clinician, **about)
    other = await wing.hires(StaffRole.support_worker)
    counts = [
        (await caller.get("concerns/figures"))["concerns"]
        for caller in (wing.governor, wing.clinician, wing.support_worker, other)
    ]
    assert counts == [2, 1, 1, 1]
    governors = {"about_staff_id": str(wing.governor.staff_id), "kind": "misconduct"}
    await night.raises(wing.clinician, **governors)
    assert (await wing.governor.get("concerns/figures"))["concerns"] == 2
    assert (await night.deputy.get("concerns/figures"))["concerns"] == 3
    for caller in (night.mentor, wing.officer):
        await caller.get("concerns/figures", 403)


async def test_a_merged_concern_counts_once(night: Night) -> None:
    first, second = [await night.raises() for _ in range(2)]
    body = {"survivor_id": first["id"]}
    await night.wing.clinician.post(f"concerns/{second['id']}/merge", body, 200)
    assert (await night.wing.clinician.get("concerns/figures"))["concerns"] == 1


async def test_as_a_table_and_as_a_picture(night: Night) -> None:
    raised = await night.raises()
    clock.forward(minutes=5)
    await night.wing.clinician.post(f"concerns/{raised['id']}/acknowledgement", {}, 200)
    governor = night.wing.governor
    table = await governor.request("GET", "concerns/figures?format=csv")
    heading, *lines = table.text.splitlines()
    assert heading.startswith("immediacy,doors,clock,due,running,breached")
    assert len(lines) == 5 * 3 * 4
    picture = await governor.request("GET", "concerns/figures?format=svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert "now, acknowledged: 0 of 1 late" in picture.text
    points = await governor.request("GET", "concerns/figures?format=png")
    assert points.content.startswith(b"\x89PNG")


async def test_a_period_that_is_none_is_refused(night: Night) -> None:
    governor = night.wing.governor
    refused = await governor.get("concerns/figures?from=2026-11-02&to=2026-11-01", 422)
    assert refused["errors"][0]["field"] == "from"
    gone = await governor.get("concerns/figures?from=2020-01-01&to=2020-02-01")
    assert (gone["concerns"], gone["first_day"]) == (0, "2020-01-01")
