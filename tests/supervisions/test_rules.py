"""When supervision is due, told and stands in the way, without a database."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from app.models.mentors import Commitment
from app.models.supervisions import MentorSignature, Supervision, SupervisionStatus
from app.services.supervisions import rules

LONDON = ZoneInfo("Europe/London")
FULL, VOLUNTARY = Commitment.full_time, Commitment.voluntary
S = SupervisionStatus


def test_full_time_is_seen_every_seven_days_and_voluntary_every_thirty_one() -> None:
    assert rules.due_after(date(2026, 11, 2), FULL) == date(2026, 11, 9)
    assert rules.due_after(date(2026, 11, 2), VOLUNTARY) == date(2026, 12, 3)


@pytest.mark.parametrize(
    ("day", "due", "told_again", "blocks"),
    [
        # the clocks go back on 25 October 2026 and forward on 28 March 2027
        (date(2026, 10, 22), "22T16", "25T17", "29T17"),
        (date(2026, 10, 24), "24T16", "27T17", "31T17"),
        (date(2027, 3, 26), "26T17", "29T16", "02T16"),
        (date(2027, 7, 1), "01T16", "04T16", "08T16"),
    ],
)
def test_a_day_is_a_day_on_the_wall_when_the_clocks_change(
    day: date, due: str, told_again: str, blocks: str
) -> None:
    """Always 17:00 there; the hour in UTC moves."""
    first, second = rules.alert_at(0, day, LONDON), rules.alert_at(1, day, LONDON)
    assert first is not None
    assert second is not None
    found = [each.strftime("%dT%H") for each in (first, second, rules.blocks_at(day, LONDON))]
    assert found == [due, told_again, blocks]
    assert all(each.tzinfo is UTC for each in (first, second))


def test_there_are_two_alerts_and_no_third() -> None:
    assert rules.alert_at(2, date(2026, 11, 2), LONDON) is None


@pytest.mark.parametrize(
    ("commitment", "due_on", "changed_on", "expected"),
    [
        # was voluntary, from 1 November, due on 2 December
        (FULL, date(2026, 12, 2), date(2026, 11, 10), date(2026, 11, 17)),
        (FULL, date(2026, 12, 2), date(2026, 11, 29), date(2026, 12, 2)),
        (FULL, date(2026, 12, 2), date(2026, 12, 5), date(2026, 12, 2)),
        # was full-time, due on 8 November
        (VOLUNTARY, date(2026, 11, 8), date(2026, 11, 3), date(2026, 12, 2)),
        (VOLUNTARY, date(2026, 11, 8), date(2026, 11, 8), date(2026, 11, 8)),
        (VOLUNTARY, date(2026, 11, 8), date(2026, 11, 20), date(2026, 11, 8)),
    ],
)
def test_a_change_of_commitment_forgives_nothing_owed_and_owes_nothing_at_once(
    commitment: Commitment, due_on: date, changed_on: date, expected: date
) -> None:
    found = rules.due_after_change(date(2026, 11, 1), due_on, changed_on, commitment)
    assert found == expected


def kept(
    status: SupervisionStatus, held: int | None = None, signed: str | None = None
) -> Supervision:
    """A supervision due on 9 November, held so many days after."""
    due = date(2026, 11, 9)
    held_at = (
        datetime(2026, 11, 9, 10, tzinfo=UTC) + timedelta(days=held) if held is not None else None
    )
    return Supervision(
        prison_id="SLI",
        mentor_id=uuid4(),
        status=status,
        commitment=FULL,
        counts_from=due - timedelta(days=7),
        first_due_on=due,
        due_on=due,
        due_at=datetime(2026, 11, 9, 17, tzinfo=UTC),
        held_at=held_at,
        supervisor_signed_at=held_at if signed else None,
        mentor_signature=MentorSignature(signed) if signed else None,
    )


@pytest.mark.parametrize(
    ("supervision", "due", "on_time", "late", "missed", "signed"),
    [
        (kept(S.signed, 0, "signed"), 1, 1, 0, 0, 1),
        (kept(S.signed, -2, "refused"), 1, 1, 0, 0, 0),
        (kept(S.held, 1), 1, 0, 1, 0, 0),
        (kept(S.scheduled), 1, 0, 0, 1, 0),
        (kept(S.missed), 1, 0, 0, 1, 0),
        (kept(S.rescheduled), 1, 0, 0, 1, 0),
        (kept(S.cancelled), 0, 0, 0, 0, 0),
    ],
)
def test_each_that_fell_due_is_counted_once(
    supervision: Supervision, due: int, on_time: int, late: int, missed: int, signed: int
) -> None:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    found = rules.compliance([supervision], now, LONDON)
    counts = (found.due, found.on_time, found.late, found.missed, found.signed_by_both)
    assert counts == (due, on_time, late, missed, signed)


def test_what_is_not_due_yet_is_not_missed() -> None:
    before = datetime(2026, 11, 9, 16, 59, tzinfo=UTC)
    assert rules.compliance([kept(S.scheduled)], before, LONDON).due == 0
    after = before + timedelta(minutes=2)
    assert rules.compliance([kept(S.scheduled)], after, LONDON).missed == 1
