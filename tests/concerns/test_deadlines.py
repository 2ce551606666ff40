"""Every deadline that nobody met is a step of its own, and no pause is longer than it may be."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services import escalation
from app.services.escalation import ConcernState, Immediacy, Why, latest, rescheduled
from app.services.ladders import Policy, default_policy
from tests.concerns.test_escalation import (
    AT,
    EVERYONE,
    LAST,
    POLICIES,
    QUICK,
    WITHIN_24H,
    accepted,
    concern,
    minutes,
    taken,
    told,
)


@pytest.mark.parametrize("immediacy", list(Immediacy))
@pytest.mark.parametrize("taken_up", [False, True])
def test_each_deadline_that_passes_with_nobody_on_it_brings_the_last_resort_at_once(
    immediacy: Immediacy, taken_up: bool
) -> None:
    one = concern(immediacy, acknowledged_at=AT if taken_up else None)
    deadlines = {one.clocks.acknowledge_by, one.clocks.seen_by, one.clocks.decide_by}
    steps = {}
    while one.next_step_at is not None and one.next_step_at <= max(deadlines):
        now = one.next_step_at
        step, one = taken(one, EVERYONE, now)
        steps[now] = told(step)
    assert deadlines <= steps.keys()
    assert all(LAST in steps[each] for each in deadlines)


def test_accepted_and_not_seen_its_decision_is_asked_for_in_time() -> None:
    one = accepted(concern(WITHIN_24H), AT)
    while one.next_step_at is not None and one.next_step_at < one.clocks.decide_by:
        _, one = taken(one, EVERYONE, one.next_step_at)
    assert one.next_step_at == one.clocks.decide_by


ACTS = st.sampled_from(
    ["step", "step", "step", "taken_up", "accept", "hand_over", "see", "decide", "raise", "lower",
     "lapse"]
)  # fmt: skip


def acted(one: ConcernState, act: str, late: int) -> ConcernState:
    """What somebody did, or the sweep, at the time it is by now."""
    now = (one.next_step_at or one.raised_at) + (minutes(late) if act == "step" else -minutes(late))
    now = max(now, one.raised_at)
    order = list(Immediacy)
    place = order.index(one.immediacy)
    match act:
        case "step":
            return taken(one, EVERYONE, now)[1]
        case "raise":
            return escalation.raised(one, order[place - 1], now) if place else one
        case "lower":
            return escalation.lowered(one, order[place + 1], now) if place < 3 else one
        case "lapse":
            return replace(one, accepted_on_duty=False, step_index=0, next_step_at=now)
        case "taken_up":
            one = replace(one, acknowledged_at=one.acknowledged_at or now)
        case "accept":
            one = replace(one, acknowledged_at=one.acknowledged_at or now, accepted_on_duty=True)
        case "hand_over":
            one = replace(one, verbal_handover_made=True)
        case "see":
            one = replace(one, seen_at=one.seen_at or now)
        case "decide":
            one = replace(one, decided_at=now)
    return rescheduled(one, now)


@QUICK
@given(
    st.sampled_from(Immediacy),
    POLICIES | st.just(default_policy()),
    st.lists(st.tuples(ACTS, st.integers(0, 3000)), max_size=40),
)
def test_whatever_is_done_the_next_step_is_no_later_than_it_may_be(
    immediacy: Immediacy, policy: Policy, acts: list[tuple[str, int]]
) -> None:
    one, now = concern(immediacy, policy=policy), AT
    for act, late in acts:
        before = one.next_step_at
        assert before is not None
        now = before + minutes(late) if act == "step" else max(now, before - minutes(late))
        one = acted(one, act, late if act == "step" else int((before - now) / minutes(1)))
        assert one.next_step_at is not None
        assert one.next_step_at <= max(now, latest(one, now))


def test_a_step_put_off_for_ever_is_later_than_it_may_be() -> None:
    one = concern(WITHIN_24H, next_step_at=AT + timedelta(days=400))
    assert escalation.waiting_for(one, AT) is Why.not_acknowledged
    assert latest(one, AT) == AT + minutes(90)


def test_lowered_it_pauses_no_longer_than_the_ladder_that_holds_now() -> None:
    """A prison's own ladder may be quick where the table is not."""
    whole = default_policy()
    quick = tuple(
        each.model_copy(update={"after_minutes": 5}) for each in whole.ladders[WITHIN_24H]
    )
    policy = whole.model_copy(update={"ladders": {**whole.ladders, WITHIN_24H: quick}})
    running = concern(Immediacy.this_session, policy=policy, next_step_at=AT + minutes(40))
    lower = escalation.lowered(running, WITHIN_24H, AT + minutes(10))
    assert lower.next_step_at == AT + minutes(15)
    seen = replace(accepted(running, AT), seen_at=AT)
    late = escalation.clocks(WITHIN_24H, AT).decide_by + minutes(10)
    seen = replace(seen, next_step_at=late + minutes(30))
    assert escalation.lowered(seen, WITHIN_24H, late).next_step_at == late + minutes(5)
