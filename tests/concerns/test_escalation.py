"""The ladder: who is paged, when, and that it never ends without a human."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.escalation import (
    MENTOR_CHOICES,
    WHEN_MISSING,
    Clocks,
    ConcernState,
    Duty,
    Immediacy,
    Step,
    Why,
    clocks,
    has_next_step,
    initial,
    is_risk_word,
    lowered,
    merge_clocks,
    merged,
    next_step,
    raised,
    rescheduled,
    schedule_after,
    strictest,
)
from app.services.ladders import Policy, PolicyStep, Target, default_policy
from app.services.working_days import LONDON

NOW, THIS_SESSION, WITHIN_24H, ROUTINE = Immediacy
AT = datetime(2026, 11, 20, 10, tzinfo=UTC)  # a Friday morning
ROLES = [t for t in Target if not t.startswith("last")]
STAFF = [UUID(int=i) for i in range(8)]
CLINICIAN, OFFICER, WORKER, GOVERNOR, LAST = STAFF[:5]
OUTSIDE = "director@example.org"
EVERYONE = Duty(
    {
        Target.clinician: (CLINICIAN,),
        Target.orderly_officer: (OFFICER,),
        Target.support_worker: (WORKER,),
        Target.duty_governor: (GOVERNOR,),
    },
    LAST,
    OUTSIDE,
)
NO_ONE = replace(EVERYONE, on_duty={})


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


def concern(immediacy: Immediacy = NOW, at: datetime = AT, **facts: Any) -> ConcernState:
    one = ConcernState(immediacy, at, clocks(immediacy, at), default_policy(), at)
    return replace(one, **facts)


def accepted(one: ConcernState, at: datetime, **facts: Any) -> ConcernState:
    return rescheduled(replace(one, acknowledged_at=at, accepted_on_duty=True, **facts), at)


def taken(one: ConcernState, duty: Duty, now: datetime) -> tuple[Step, ConcernState]:
    step = next_step(one, duty, now)
    assert step is not None
    return step, replace(one, step_index=step.new_step_index, next_step_at=step.next_step_at)


def climb(one: ConcernState, duty: Duty, steps: int) -> list[tuple[datetime, Step]]:
    """So many steps, each on time."""
    story = []
    for _ in range(steps):
        assert one.next_step_at is not None
        now = one.next_step_at
        step, one = taken(one, duty, now)
        story.append((now, step))
    return story


def told(step: Step) -> set[UUID | str]:
    return {page.to for page in step.pages}


# Words


def test_mentors_choices_and_the_missing_word() -> None:
    assert MENTOR_CHOICES == {
        "right_now": NOW,
        "today": THIS_SESSION,
        "can_wait_a_day": WITHIN_24H,
    }
    assert WHEN_MISSING is THIS_SESSION
    assert strictest(ROUTINE, NOW, WITHIN_24H) is NOW


@pytest.mark.parametrize(
    "text",
    [
        *("low", "Medium", "HIGH", "high.", "Very High", "low to medium", "moderate", "critical"),
        *("red", "Amber", "green", "RAG amber", "high risk", "high-risk", "risk level: high"),
        *("3", "7/10", "risk score of 4"),
    ],
)
def test_a_grade_of_risk_is_recognised(text: str) -> None:
    assert is_risk_word(text)


@pytest.mark.parametrize(
    "text",
    [*Immediacy, *MENTOR_CHOICES, "", "  ", "low mood", "a red jumper", "urgent", "very", "of the"],
)
def test_other_words_are_not(text: str) -> None:
    assert not is_risk_word(text)


# Clocks


@pytest.mark.parametrize(
    ("immediacy", "acknowledge", "seen", "decide"),
    [
        (NOW, minutes(15), hours(1), hours(1)),
        (THIS_SESSION, hours(1), hours(4), hours(24)),
        (WITHIN_24H, hours(4), hours(24), hours(72)),
        (ROUTINE, hours(31), timedelta(days=7), timedelta(days=7)),  # Saturday 17:00 counts
    ],
)
def test_the_immediacy_table(
    immediacy: Immediacy, acknowledge: timedelta, seen: timedelta, decide: timedelta
) -> None:
    assert clocks(immediacy, AT) == Clocks(AT + acknowledge, AT + seen, AT + decide)


@pytest.mark.parametrize(
    ("lock_up_in", "seen_in"),
    [
        (None, hours(4)),
        (hours(-1), hours(4)),
        (minutes(59), hours(4)),  # at the door
        (minutes(60), minutes(60)),
        (hours(2), hours(2)),
        (hours(6), hours(4)),
    ],
)
def test_this_session_is_seen_by_lock_up(lock_up_in: timedelta | None, seen_in: timedelta) -> None:
    lock_up = None if lock_up_in is None else AT + lock_up_in
    assert clocks(THIS_SESSION, AT, lock_up).seen_by == AT + seen_in


@pytest.mark.parametrize("immediacy", [NOW, WITHIN_24H, ROUTINE])
def test_lock_up_moves_no_other_clock(immediacy: Immediacy) -> None:
    assert clocks(immediacy, AT, AT + hours(2)) == clocks(immediacy, AT)


@pytest.mark.parametrize(
    ("raised_at", "lock_up", "seen_by"),
    [
        # 00:30 to 02:15 on the wall is 45 minutes on the 23-hour day: at the door, 4 real hours.
        ("2027-03-28T00:30+00:00", "2027-03-28T02:15+01:00", "2027-03-28T05:30+01:00"),
        ("2027-03-28T00:30+00:00", "2027-03-28T02:30+01:00", "2027-03-28T02:30+01:00"),
        # 01:30 to 02:00 on the wall is 90 minutes on the 25-hour day: lock-up binds.
        ("2026-10-25T01:30+01:00", "2026-10-25T02:00+00:00", "2026-10-25T02:00+00:00"),
        ("2026-10-25T00:00+01:00", None, "2026-10-25T03:00+00:00"),
    ],
)
def test_clocks_on_the_days_the_clock_changes(
    raised_at: str, lock_up: str | None, seen_by: str
) -> None:
    lock = lock_up and datetime.fromisoformat(lock_up)
    found = clocks(THIS_SESSION, datetime.fromisoformat(raised_at), lock or None)
    assert found.seen_by == datetime.fromisoformat(seen_by)


def test_lock_up_given_in_the_prisons_own_zone_is_no_hour_off() -> None:
    at = datetime(2027, 3, 28, 0, 30, tzinfo=LONDON)
    lock_up = datetime(2027, 3, 28, 2, 15, tzinfo=LONDON)  # Python alone would say 1 h 45 away
    assert clocks(THIS_SESSION, at, lock_up).seen_by == datetime(2027, 3, 28, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raised_at", "by"),
    [
        ("2027-03-27T10:00+00:00", "2027-03-28T17:00+01:00"),
        ("2027-03-27T23:59+00:00", "2027-03-28T17:00+01:00"),  # 16 h and a minute
        ("2027-03-28T10:00+01:00", "2027-03-29T17:00+01:00"),  # a bank holiday counts
        ("2026-10-24T00:00+01:00", "2026-10-25T17:00+00:00"),  # 42 h
        ("2026-10-25T01:30+00:00", "2026-10-26T17:00+00:00"),
        ("2026-06-15T23:30+00:00", "2026-06-17T17:00+01:00"),  # past midnight on the wall
    ],
)
def test_next_day_is_17_local(raised_at: str, by: str) -> None:
    found = clocks(ROUTINE, datetime.fromisoformat(raised_at), zone="Europe/London")
    assert found.acknowledge_by == datetime.fromisoformat(by)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        clocks(NOW, AT.replace(tzinfo=None))


# Policy


def test_the_snapshot_survives_json() -> None:
    policy = default_policy()
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


def _broken(**changes: Any) -> dict[str, Any]:
    return default_policy().to_json() | changes


def _with_ladder(immediacy: Immediacy, *steps: object) -> dict[str, Any]:
    return _broken(ladders=default_policy().to_json()["ladders"] | {immediacy.value: list(steps)})


LAST_STEP = {"targets": ["last_resort"], "after_minutes": 5}


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (None, "Policy"),
        ({}, "schema_version"),
        (_broken(schema_version=2), "schema_version"),
        (_broken(handover_every_minutes=4), "handover_every_minutes"),
        (_broken(reminder_every_minutes=0), "reminder_every_minutes"),
        (_broken(mute=True), "mute"),
        (_broken(ladders={}), "the ladder of now must end"),
        (_with_ladder(ROUTINE), "the ladder of routine must end"),
        (_with_ladder(ROUTINE, LAST_STEP | {"targets": ["clinician"]}), "routine must end"),
        (_with_ladder(ROUTINE, LAST_STEP | {"targets": ["vicar"]}), "ladders.routine.0.targets"),
        (_with_ladder(ROUTINE, LAST_STEP | {"targets": []}), "ladders.routine.0.targets"),
        (_with_ladder(ROUTINE, LAST_STEP | {"after_minutes": 0}), "routine.0.after_minutes"),
        (_with_ladder(ROUTINE, LAST_STEP | {"after_minutes": True}), "routine.0.after_minutes"),
        (_with_ladder(ROUTINE, LAST_STEP | {"after_minutes": 2881}), "routine.0.after_minutes"),
        (_with_ladder(NOW, LAST_STEP), "orderly_officer and clinician together"),
    ],
)
def test_an_unsound_policy_is_refused_with_the_place(data: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Policy.from_json(data)


def test_every_default_ladder_names_everyone_in_its_last_step_and_only_widens() -> None:
    for ladder in default_policy().ladders.values():
        assert set(ROLES) | {Target.last_resort} <= set(ladder[-1].targets)
        circles = [set(step.targets) for step in ladder]
        assert all(a < b for a, b in pairwise(circles))


# The ladder, on time


def test_now_pages_officer_and_clinician_together_at_once() -> None:
    one = concern(NOW)
    assert initial(one) == AT
    step, after = taken(one, EVERYONE, AT)
    assert told(step) == {OFFICER, CLINICIAN}
    assert step.why is Why.not_acknowledged
    assert after.next_step_at == AT + minutes(3)


def _pages_at(one: ConcernState, steps: int) -> list[tuple[float, int]]:
    return [((now - AT) / minutes(1), s.step_index) for now, s in climb(one, EVERYONE, steps)]


def test_now_not_yet_handed_over_pages_again_every_3_minutes() -> None:
    story = _pages_at(concern(NOW), 8)
    assert story == [(0, 0), (3, 1), (6, 2), (9, 3), (12, 0), (15, 3), (18, 0), (21, 1)]


def test_now_handed_over_climbs_to_the_deadline() -> None:
    story = _pages_at(concern(NOW, verbal_handover_made=True), 6)
    assert story == [(0, 0), (5, 1), (10, 2), (15, 3), (20, 0), (25, 1)]


@pytest.mark.parametrize(
    ("immediacy", "story"),
    [
        (THIS_SESSION, [(0, 0), (20, 1), (40, 2), (60, 3), (75, 0), (95, 1)]),
        (WITHIN_24H, [(0, 0), (90, 1), (180, 2), (240, 3), (300, 0), (390, 1)]),
        (ROUTINE, [(0, 0), (1440, 1), (1860, 2), (2100, 0), (3540, 1), (4620, 2)]),
    ],
)
def test_the_other_ladders_reach_the_last_resort_at_the_deadline(
    immediacy: Immediacy, story: list[tuple[float, int]]
) -> None:
    assert _pages_at(concern(immediacy), len(story)) == story


@pytest.mark.parametrize("immediacy", Immediacy)
def test_by_the_acknowledge_deadline_governor_and_last_resort_were_paged(
    immediacy: Immediacy,
) -> None:
    one = concern(immediacy)
    story = climb(one, EVERYONE, 6)
    reached = [told(s) for now, s in story if now <= one.clocks.acknowledge_by]
    assert {GOVERNOR, LAST} <= set[UUID | str]().union(*reached)


def test_nothing_before_it_is_due_and_nothing_once_closed() -> None:
    assert next_step(concern(), EVERYONE, AT - minutes(1)) is None
    closed = concern(is_open=False, next_step_at=None)
    assert next_step(closed, EVERYONE, AT + hours(99)) is None
    assert has_next_step(closed)
    with pytest.raises(ValueError, match="closed"):
        schedule_after(closed, AT)


def test_a_concern_left_without_a_step_gets_one_and_alarms() -> None:
    lost = concern(next_step_at=None)
    assert not has_next_step(lost)
    step, found = taken(lost, EVERYONE, AT + hours(2))
    assert step.alarms == ("no_next_step",)
    assert has_next_step(found)


# No one, and those it is about


@pytest.mark.parametrize(("immediacy", "skipped"), [(NOW, 2), (THIS_SESSION, 3), (ROUTINE, 2)])
def test_empty_steps_are_passed_at_once_each_with_its_alarm(
    immediacy: Immediacy, skipped: int
) -> None:
    step, _ = taken(concern(immediacy), NO_ONE, AT)
    assert step.alarms == ("empty_step",) * skipped
    assert LAST in told(step)


def test_a_concern_about_a_responder_skips_them() -> None:
    duty = replace(EVERYONE, conflicted=frozenset({CLINICIAN}))
    step, _ = taken(concern(), duty, AT)
    assert told(step) == {OFFICER}
    assert step.alarms == ()


def test_a_concern_about_the_last_resort_goes_outside() -> None:
    duty = replace(NO_ONE, conflicted=frozenset({LAST}))
    step, _ = taken(concern(), duty, AT)
    assert told(step) == {OUTSIDE}


def test_who_holds_two_roles_is_paged_once() -> None:
    both = {Target.clinician: (CLINICIAN,), Target.orderly_officer: (CLINICIAN, CLINICIAN)}
    step, _ = taken(concern(), replace(EVERYONE, on_duty=both), AT)
    assert [page.to for page in step.pages] == [CLINICIAN]


def test_duty_needs_an_address_outside() -> None:
    with pytest.raises(ValueError, match="outside"):
        replace(EVERYONE, outside=" ")


# Late


@pytest.mark.parametrize("immediacy", Immediacy)
def test_an_engine_that_was_down_takes_one_step_and_says_how_late(immediacy: Immediacy) -> None:
    one = concern(immediacy)
    step, after = taken(one, EVERYONE, AT + timedelta(days=3))
    assert step.late_by == timedelta(days=3)
    assert {WORKER, CLINICIAN, OFFICER, GOVERNOR, LAST} <= told(step)  # the breach: all at once
    assert after.next_step_at is not None
    assert after.next_step_at > AT + timedelta(days=3)
    assert next_step(after, EVERYONE, AT + timedelta(days=3)) is None


def test_a_little_late_is_the_same_step() -> None:
    step, _ = taken(concern(THIS_SESSION), EVERYONE, AT + minutes(7))
    assert (step.step_index, step.late_by) == (0, minutes(7))
    assert step.next_step_at == AT + minutes(27)


# Acknowledged, seen, decided


@pytest.mark.parametrize("immediacy", Immediacy)
def test_each_phase_waits_for_its_clock_and_then_steps_on(immediacy: Immediacy) -> None:
    _, one = taken(concern(immediacy, verbal_handover_made=True), EVERYONE, AT)
    one = accepted(one, AT + minutes(1))
    assert one.next_step_at == one.clocks.seen_by
    step, _ = taken(one, EVERYONE, one.clocks.seen_by)
    assert (step.why, step.step_index) == (Why.not_seen, 0)

    one = rescheduled(replace(one, seen_at=AT + minutes(2)), AT + minutes(2))
    assert one.next_step_at == one.clocks.decide_by
    step, _ = taken(one, EVERYONE, one.clocks.decide_by)
    assert (step.why, step.step_index) == (Why.not_decided, 0)

    one = rescheduled(replace(one, decided_at=AT + minutes(3)), AT + minutes(3))
    assert one.next_step_at == AT + minutes(3) + hours(24)
    step, after = taken(one, EVERYONE, one.next_step_at)
    assert step.why is Why.not_closed
    assert after.next_step_at == one.next_step_at + hours(24)


@pytest.mark.parametrize("immediacy", Immediacy)
def test_not_seen_climbs_to_the_last_resort_and_round_again(immediacy: Immediacy) -> None:
    one = accepted(concern(immediacy, verbal_handover_made=True), AT + minutes(1))
    steps = len(default_policy().ladders[immediacy])
    story = climb(one, EVERYONE, steps + 1)
    assert [s.step_index for _, s in story] == [*range(steps), 0]
    assert {s.why for _, s in story} == {Why.not_seen}
    assert LAST in told(story[-2][1])


def test_acknowledged_by_someone_off_duty_the_ladder_goes_on() -> None:
    _, one = taken(concern(THIS_SESSION), EVERYONE, AT)
    one = rescheduled(replace(one, acknowledged_at=AT + minutes(5)), AT + minutes(5))
    assert (one.next_step_at, one.step_index) == (AT + minutes(20), 1)
    step, _ = taken(one, EVERYONE, AT + minutes(20))
    assert step.why is Why.not_accepted


def test_accepted_but_not_handed_over_is_paged_every_3_minutes_until_it_is() -> None:
    _, one = taken(concern(NOW), EVERYONE, AT)
    one = accepted(one, AT + minutes(1))
    story = climb(one, EVERYONE, 20)
    assert [now for now, _ in story[:3]] == [AT + minutes(m) for m in (3, 6, 9)]
    assert all(told(s) == {OFFICER, CLINICIAN} for _, s in story[:19])
    assert {s.why for _, s in story[:19]} == {Why.not_handed_over}
    assert story[19][0] == one.clocks.seen_by
    assert story[19][1].why is Why.not_seen

    told_officer = replace(one, verbal_handover_made=True)
    assert schedule_after(told_officer, AT + minutes(2)) == one.clocks.seen_by
    seen = replace(one, seen_at=AT + minutes(2))
    assert schedule_after(seen, AT + minutes(2)) == one.clocks.decide_by


def test_once_seen_the_ladder_for_a_decision_runs_at_its_own_pace() -> None:
    one = accepted(concern(NOW), AT, seen_at=AT)
    story = climb(one, EVERYONE, 2)
    assert [now for now, _ in story] == [AT + hours(1), AT + minutes(65)]


def test_a_handover_before_acceptance_leaves_the_ladder_running() -> None:
    _, one = taken(concern(NOW), EVERYONE, AT)
    one = replace(one, verbal_handover_made=True)
    assert schedule_after(one, AT + minutes(1)) == AT + minutes(3)


def test_accepted_after_seen_by_the_running_ladder_keeps_its_time() -> None:
    late = AT + hours(5)
    one = replace(concern(THIS_SESSION), next_step_at=late + minutes(10), step_index=2)
    one = accepted(one, late)
    assert (one.next_step_at, one.step_index) == (late + minutes(10), 0)
    assert accepted(replace(one, next_step_at=AT), late).next_step_at == late


def test_a_decision_entered_late_from_paper_reminds_within_a_day() -> None:
    one = accepted(concern(ROUTINE), AT)
    now = AT + timedelta(days=5)
    one = rescheduled(replace(one, seen_at=AT, decided_at=AT + hours(1)), now)
    assert one.next_step_at is not None
    assert now < one.next_step_at <= now + hours(24)


# Immediacy changes, merges


def test_raised_has_clocks_from_the_start_and_is_paged_at_once() -> None:
    _, one = taken(concern(WITHIN_24H), EVERYONE, AT)
    one = raised(one, NOW, AT + hours(2))
    assert one.clocks == clocks(NOW, AT)
    assert (one.next_step_at, one.step_index) == (AT + hours(2), 0)
    step, _ = taken(one, EVERYONE, AT + hours(2))
    assert told(step) == {OFFICER, CLINICIAN}


def test_raising_never_moves_a_deadline_back() -> None:
    early = Clocks(AT, AT, AT)
    assert raised(concern(ROUTINE, clocks=early), NOW, AT).clocks == early


def test_raised_to_this_session_knows_lock_up() -> None:
    one = raised(concern(ROUTINE, lock_up=AT + hours(2)), THIS_SESSION, AT + minutes(5))
    assert one.clocks.seen_by == AT + hours(2)


def test_lowered_keeps_the_running_ladder_until_accepted() -> None:
    _, one = taken(concern(NOW), EVERYONE, AT)
    one = lowered(one, WITHIN_24H, AT + minutes(1))
    assert one.clocks == clocks(WITHIN_24H, AT)
    assert one.next_step_at == AT + minutes(3)
    assert lowered(accepted(concern(NOW), AT), WITHIN_24H, AT).next_step_at == AT + hours(24)


@pytest.mark.parametrize("immediacy", Immediacy)
def test_the_same_immediacy_is_neither_raised_nor_lowered(immediacy: Immediacy) -> None:
    with pytest.raises(ValueError, match="not stricter"):
        raised(concern(immediacy), immediacy, AT)
    with pytest.raises(ValueError, match="not less strict"):
        lowered(concern(immediacy), immediacy, AT)


def test_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ValueError, match="not stricter"):
        raised(concern(NOW), ROUTINE, AT)
    with pytest.raises(ValueError, match="not less strict"):
        lowered(concern(ROUTINE), NOW, AT)


def test_a_merge_into_a_milder_one_pages_at_once() -> None:
    quiet = accepted(concern(ROUTINE), AT)
    both = merged(quiet, concern(NOW, AT + hours(1)), AT + hours(1))
    assert both.immediacy is NOW
    assert both.raised_at == AT
    assert (both.next_step_at, both.step_index) == (AT + hours(1), 0)


def test_a_merge_takes_the_lock_up_of_the_earlier() -> None:
    early = concern(ROUTINE, AT, lock_up=AT + hours(2))
    late = concern(ROUTINE, AT + hours(3), lock_up=AT + hours(7))
    for both in (merged(early, late, AT + hours(3)), merged(late, early, AT + hours(3))):
        assert raised(both, THIS_SESSION, AT + hours(3)).clocks.seen_by == AT + hours(2)


# For any facts whatever

TIMES = st.integers(0, 60 * 24 * 400).map(lambda m: AT + minutes(m))
DUTIES = st.builds(
    Duty,
    st.dictionaries(
        st.sampled_from(ROLES), st.lists(st.sampled_from(STAFF), max_size=3).map(tuple)
    ),
    st.just(LAST),
    st.just(OUTSIDE),
    st.frozensets(st.sampled_from(STAFF)),
)
STEPS = st.builds(
    PolicyStep,
    targets=st.lists(st.sampled_from(Target), min_size=1, max_size=4).map(tuple),
    after_minutes=st.integers(1, 2880),
)
ENDS = STEPS.map(
    lambda s: PolicyStep(targets=(*s.targets, Target.last_resort), after_minutes=s.after_minutes)
)
LADDERS = st.builds(lambda steps, end: (*steps, end), st.lists(STEPS, max_size=3), ENDS)
PAIR = PolicyStep(targets=(Target.orderly_officer, Target.clinician), after_minutes=5)
POLICIES = st.builds(
    lambda ladders, handover, reminder: Policy(
        schema_version=1,
        ladders=dict(zip(Immediacy, [(PAIR, *ladders[0]), *ladders[1:]], strict=True)),
        handover_every_minutes=handover,
        reminder_every_minutes=reminder,
    ),
    st.lists(LADDERS, min_size=4, max_size=4),
    st.integers(1, 3),
    st.integers(1, 1440),
)


@st.composite
def concerns(draw: st.DrawFn) -> ConcernState:
    at, immediacy = draw(TIMES), draw(st.sampled_from(Immediacy))
    maybe = st.none() | st.integers(0, 10_000).map(lambda m: at + minutes(m))
    return concern(
        immediacy,
        at,
        policy=draw(POLICIES | st.just(default_policy())),
        next_step_at=draw(maybe),
        step_index=draw(st.integers(0, 5)),
        acknowledged_at=draw(maybe),
        accepted_on_duty=draw(st.booleans()),
        verbal_handover_made=draw(st.booleans()),
        seen_at=draw(maybe),
        decided_at=draw(maybe),
    )


QUICK = settings(max_examples=60, deadline=None)


@QUICK
@given(
    st.sampled_from(Immediacy),
    POLICIES | st.just(default_policy()),
    st.booleans(),
    st.lists(st.tuples(DUTIES, st.integers(0, 500)), min_size=30, max_size=30),
)
def test_unacknowledged_it_reaches_the_last_resort_by_the_deadline_and_never_stops(
    immediacy: Immediacy, policy: Policy, handed_over: bool, sweeps: list[tuple[Duty, int]]
) -> None:
    one = concern(immediacy, policy=policy, verbal_handover_made=handed_over)
    rungs, since = len(policy.ladders[immediacy]), 0
    for duty, late in sweeps:
        assert one.next_step_at is not None
        now = one.next_step_at + minutes(late)
        crossing = one.next_step_at <= one.clocks.acknowledge_by <= now
        step, one = taken(one, duty, now)
        last = {LAST, OUTSIDE} & told(step)
        assert last or not crossing  # the breach itself reaches a last resort
        since = 0 if last else since + 1
        assert since < rungs  # and so does every round of the ladder


@QUICK
@given(concerns(), DUTIES, st.integers(0, 20_000))
def test_every_step_pages_someone_and_the_next_is_in_the_future(
    one: ConcernState, duty: Duty, late: int
) -> None:
    now = (one.next_step_at or one.raised_at) + minutes(late)
    step, after = taken(one, duty, now)
    assert step.pages
    assert step.next_step_at > now
    assert step.next_step_at <= now + timedelta(days=2)
    assert has_next_step(after)
    assert step.late_by == (minutes(late) if one.next_step_at else minutes(0))
    assert {page.reason for page in step.pages} == {step.why}


@QUICK
@given(concerns(), DUTIES, st.integers(0, 20_000))
def test_whom_it_is_about_is_never_paged(one: ConcernState, duty: Duty, late: int) -> None:
    step, _ = taken(one, duty, (one.next_step_at or one.raised_at) + minutes(late))
    assert not told(step) & duty.conflicted
    on_duty = {s for staff in duty.on_duty.values() for s in staff}
    assert told(step) <= on_duty | {LAST, OUTSIDE}


@QUICK
@given(concerns(), st.integers(0, 20_000))
def test_with_no_one_on_duty_only_alarms_and_last_resorts(one: ConcernState, late: int) -> None:
    step, _ = taken(one, NO_ONE, (one.next_step_at or one.raised_at) + minutes(late))
    ladder = one.policy.ladders[one.immediacy]
    lasts = {Target.last_resort, Target.last_resort_outside}
    assert lasts & set(ladder[step.step_index].targets)
    skipped = step.alarms.count("empty_step")
    passed = ladder[step.step_index - skipped : step.step_index]
    assert len(passed) == skipped
    assert not any(lasts & set(rung.targets) for rung in passed)


@QUICK
@given(POLICIES)
def test_any_sound_policy_survives_json(policy: Policy) -> None:
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


@QUICK
@given(concerns(), TIMES)
def test_after_any_human_event_the_next_step_is_set_and_not_past(
    one: ConcernState, now: datetime
) -> None:
    after = rescheduled(one, now)
    assert after.next_step_at is not None
    assert after.next_step_at >= now
    bound = max(now + hours(24), after.clocks.acknowledge_by, after.clocks.decide_by)
    reminder = (one.decided_at or now) + hours(24)
    assert after.next_step_at <= max(bound, reminder)


def _ordered(c: Clocks) -> bool:
    return c.acknowledge_by <= c.seen_by <= c.decide_by


@QUICK
@given(concerns(), concerns(), TIMES)
def test_a_merge_never_loosens(a: ConcernState, b: ConcernState, now: datetime) -> None:
    both = merged(a, b, now)
    assert both.immediacy is strictest(a.immediacy, b.immediacy)
    for side in (a, b):
        assert merge_clocks(both.clocks, side.clocks) == both.clocks
        assert both.raised_at <= side.raised_at
        assert side.next_step_at is None or (both.next_step_at or now) <= max(
            now, side.next_step_at
        )
    assert both.next_step_at is not None
    assert both.next_step_at >= now
    assert _ordered(both.clocks)


@QUICK
@given(concerns(), st.sampled_from(Immediacy), TIMES)
def test_raising_never_loosens(one: ConcernState, to: Immediacy, now: datetime) -> None:
    if strictest(to, one.immediacy) is one.immediacy:
        return
    after = raised(one, to, now)
    assert merge_clocks(after.clocks, one.clocks) == after.clocks
    assert after.next_step_at == now


@QUICK
@given(TIMES, st.none() | TIMES, st.sampled_from(Immediacy))
def test_deadlines_come_in_order_on_every_day_of_the_year(
    at: datetime, lock_up: datetime | None, immediacy: Immediacy
) -> None:
    found = clocks(immediacy, at, lock_up)
    assert at < found.acknowledge_by
    assert _ordered(found)
