"""How much a mentor may work, decided without a database: hours in the prison's own week, nights,
and the conditions of the approval."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from app.models.mentees import MenteeStatus
from app.models.mentors import ApprovalCondition, MentorStatus
from app.models.sessions import ClashKind, SessionKind
from app.services.scheduling import Facts, Limits, Plan, Worked, clashes, reach_of, week_of

LONDON = ZoneInfo("Europe/London")
MENTOR, MENTEE = uuid4(), uuid4()
MONDAY = date(2027, 1, 11)
NIGHT, TALK = SessionKind.night_callout, SessionKind.day_to_day


def at(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """On the wall in London."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON)


def plan(starts_at: datetime, hours: float = 1, kind: SessionKind = TALK, **fields: Any) -> Plan:
    ends_at = starts_at.astimezone(ZoneInfo("UTC")) + timedelta(hours=hours)
    whole: dict[str, Any] = {
        "kind": kind,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "room_id": None,
        "mentor_id": MENTOR,
        "mentee_ids": (MENTEE,),
        **fields,
    }
    return Plan(**whole)


def worked(starts_at: datetime, hours: float, kind: SessionKind = TALK) -> Worked:
    made = plan(starts_at, hours, kind)
    return Worked(kind, made.starts_at, made.ends_at)


def kinds(made: Plan, *others: Worked, **limits: Any) -> list[ClashKind]:
    known = Facts(
        at(date(2026, 1, 1)),
        [],
        None,
        MentorStatus.active,
        {MENTEE: MenteeStatus.engaged},
        Limits(**{"weekly_hours": 25, "nights": 2, "worked": others, **limits}),
    )
    return [clash.kind for clash in clashes(made, known)]


def test_a_week_is_full_at_its_limit_and_not_before() -> None:
    days = [worked(at(MONDAY + timedelta(days=number)), 6) for number in range(4)]
    assert kinds(plan(at(MONDAY + timedelta(days=4)), 1), *days) == []
    over = plan(at(MONDAY + timedelta(days=4)), 1.25)
    assert kinds(over, *days) == [ClashKind.weekly_hours]
    assert kinds(over, *days, weekly_hours=37) == []


def test_the_week_begins_on_monday_and_ends_on_sunday_at_midnight_on_the_wall() -> None:
    before = worked(at(MONDAY - timedelta(days=1), 23, 59), 12)
    after = worked(at(MONDAY + timedelta(days=7), 0), 12)
    inside = worked(at(MONDAY, 0), 12), worked(at(MONDAY + timedelta(days=6), 23), 12)
    made = plan(at(MONDAY + timedelta(days=2)), 2)
    assert kinds(made, before, after, inside[0]) == []
    assert kinds(made, *inside) == [ClashKind.weekly_hours]


def test_in_summer_the_week_begins_an_hour_earlier_by_utc() -> None:
    sunday_2330_utc = datetime(2027, 7, 4, 23, 30, tzinfo=ZoneInfo("UTC"))
    assert week_of(sunday_2330_utc, LONDON) == date(2027, 7, 5)
    assert week_of(sunday_2330_utc, ZoneInfo("UTC")) == date(2027, 6, 28)


def test_call_outs_count_towards_the_hours() -> None:
    nights = [worked(at(MONDAY, 1), 12, NIGHT), worked(at(MONDAY + timedelta(days=1), 1), 12)]
    assert kinds(plan(at(MONDAY + timedelta(days=3)), 2), *nights) == [ClashKind.weekly_hours]


@pytest.mark.parametrize(
    ("sunday", "hours"),
    [(date(2027, 3, 28), 3), (date(2027, 10, 31), 5)],  # the clocks go forward, and back
)
def test_a_night_on_which_the_clocks_change_counts_as_long_as_it_is(
    sunday: date, hours: int
) -> None:
    """From 23:00 until 03:00 on the wall, which is no four hours that night."""
    night = Worked(TALK, at(sunday - timedelta(days=1), 23), at(sunday, 3))
    made = plan(at(sunday, 12), 1)
    assert kinds(made, night, weekly_hours=hours + 1) == []
    assert kinds(made, night, weekly_hours=hours) == [ClashKind.weekly_hours]


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2027, 3, 28), 167), (date(2027, 10, 31), 169), (MONDAY, 168)]
)
def test_the_limits_look_at_the_whole_local_week_however_long_it_is(day: date, hours: int) -> None:
    sunday = day - timedelta(days=day.weekday()) + timedelta(days=6)
    first, last = reach_of(plan(at(sunday, 12)), LONDON)
    assert first <= at(sunday - timedelta(days=6), 0) < last
    week = at(sunday + timedelta(days=1), 0).astimezone(ZoneInfo("UTC")) - at(
        sunday - timedelta(days=6), 0
    ).astimezone(ZoneInfo("UTC"))
    assert week == timedelta(hours=hours)
    assert last >= at(sunday + timedelta(days=1), 0)


@pytest.mark.parametrize(
    ("others", "clash"),
    [
        ([], False),
        ([0], False),
        ([0, 1], True),
        ([-6, -3], True),  # the seventh day back still counts
        ([-7, -3], False),
        ([3, 6], True),  # entered late, before two others
        ([3, 7], False),
        ([-3, 3], True),
        ([-4, 3], False),  # never three within seven days
    ],
)
def test_nights_are_counted_in_any_seven_days(others: list[int], clash: bool) -> None:
    nights = [worked(at(MONDAY + timedelta(days=each), 23), 1, NIGHT) for each in others]
    made = plan(at(MONDAY, 22), 0.5, NIGHT)
    assert (ClashKind.night_limit in kinds(made, *nights)) is clash


def test_a_night_belongs_to_the_day_on_which_it_begins_on_the_wall() -> None:
    """23:30 UTC in July is the next day in London."""
    made = plan(datetime(2027, 7, 11, 23, 30, tzinfo=ZoneInfo("UTC")), 1, NIGHT)
    others = [worked(at(date(2027, 7, 6), 1), 1, NIGHT), worked(at(date(2027, 7, 7), 1), 1, NIGHT)]
    assert kinds(made, *others) == [ClashKind.night_limit]
    a_day_earlier = [others[0], worked(at(date(2027, 7, 5), 1), 1, NIGHT)]
    assert kinds(made, *a_day_earlier) == []


def test_other_work_at_night_is_no_call_out() -> None:
    evenings = [worked(at(MONDAY + timedelta(days=each), 23), 1) for each in range(3)]
    assert ClashKind.night_limit not in kinds(plan(at(MONDAY, 20), 1, NIGHT), *evenings)


C = ApprovalCondition


@pytest.mark.parametrize(
    ("kind", "condition", "clash"),
    [
        (NIGHT, C.no_nights, True),
        (TALK, C.no_nights, False),
        (SessionKind.one_to_one, C.no_one_to_one, True),
        (SessionKind.group, C.no_one_to_one, False),
        (SessionKind.group, C.groups_with_staff_only, True),
        (SessionKind.cbt_course, C.groups_with_staff_only, True),
        (SessionKind.art_therapy, C.groups_with_staff_only, True),
        (SessionKind.one_to_one, C.groups_with_staff_only, False),
        (SessionKind.one_to_one, C.review_after_three_months, False),
    ],
)
def test_what_a_mentor_was_approved_on_is_kept_in_plans(
    kind: SessionKind, condition: ApprovalCondition, clash: bool
) -> None:
    found = kinds(plan(at(MONDAY), kind=kind), conditions=frozenset({condition}))
    assert found == ([ClashKind.approval_condition] if clash else [])


def test_a_group_with_staff_keeps_the_condition() -> None:
    made = plan(at(MONDAY), kind=SessionKind.group, lead_staff_id=uuid4())
    assert kinds(made, conditions=frozenset({C.groups_with_staff_only})) == []


@pytest.mark.parametrize("elsewhere", [frozenset({MENTEE}), frozenset({uuid4()}), frozenset()])
def test_a_mentor_of_their_own_wing_only_is_planned_with_nobody_of_another(
    elsewhere: frozenset[UUID],
) -> None:
    for given in ({C.own_wing_only}, set[ApprovalCondition]()):
        found = kinds(plan(at(MONDAY)), conditions=frozenset(given), elsewhere=elsewhere)
        kept = not given or MENTEE not in elsewhere
        assert found == ([] if kept else [ClashKind.approval_condition])


def test_every_broken_condition_is_told_at_once() -> None:
    conditions = frozenset(ApprovalCondition)
    week = [worked(at(MONDAY + timedelta(days=each), 8), 12, NIGHT) for each in range(1, 4)]
    found = kinds(plan(at(MONDAY), 1, NIGHT), *week, conditions=conditions)
    assert found == [
        ClashKind.weekly_hours,
        ClashKind.night_limit,
        ClashKind.approval_condition,
    ]
