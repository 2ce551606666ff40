"""The order of the waiting list and its reasons, without a database."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.mentees import MenteeStatus
from app.models.waiting_list import OrderReason, WaitingFor
from app.services.waiting_list import WAITING, Waiting, in_order

NOW = datetime(2027, 6, 15, 12, tzinfo=UTC)
S = MenteeStatus


def one(number: int = 1, **fields: Any) -> Waiting:
    complete: dict[str, Any] = {
        "mentee_id": UUID(int=number),
        "display_name": f"Jo {number}",
        "status": S.waiting,
        "safety_need": False,
        "referred_at": NOW - timedelta(days=30),
        "waiting_since": NOW - timedelta(days=10),
        "said_yes": False,
    }
    return Waiting(**{**complete, **fields})


def days(ago: float) -> datetime:
    return NOW - timedelta(days=ago)


def test_safety_needs_come_first_then_whoever_was_referred_first() -> None:
    everybody = [
        one(1, referred_at=days(40)),
        one(2, referred_at=days(3), safety_need=True),
        one(3, referred_at=days(50)),
        one(4, referred_at=days(9), safety_need=True),
    ]
    assert [each.mentee_id.int for each in in_order(everybody)] == [4, 2, 3, 1]


def test_of_two_referred_at_one_moment_the_order_is_always_the_same() -> None:
    assert [each.mentee_id.int for each in in_order([one(2), one(1)])] == [1, 2]


def test_neither_the_state_nor_the_time_on_the_list_changes_the_order() -> None:
    """Who was put on the list late, or offered support late, loses no place by it."""
    early = one(1, referred_at=days(60), status=S.accepted, waiting_since=None)
    late = one(2, referred_at=days(20), status=S.offered, waiting_since=days(19))
    assert in_order([late, early]) == [early, late]


ENTRIES = st.builds(
    one,
    st.integers(1, 99),
    safety_need=st.booleans(),
    referred_at=st.integers(0, 5).map(days),
    status=st.sampled_from(WAITING),
)


@given(st.lists(ENTRIES, max_size=12), st.randoms())
def test_the_order_does_not_depend_on_how_they_come(entries: list[Waiting], random: Any) -> None:
    shuffled = entries[:]
    random.shuffle(shuffled)
    key = lambda each: (each.safety_need, each.referred_at, each.mentee_id)  # noqa: E731
    assert [*map(key, in_order(shuffled))] == [*map(key, in_order(entries))]
    for before, after in zip(in_order(entries), in_order(entries)[1:], strict=False):
        assert before.safety_need or not after.safety_need
        if before.safety_need is after.safety_need:
            assert before.referred_at <= after.referred_at


def test_the_reason_is_the_one_that_the_order_goes_by() -> None:
    assert one(safety_need=True).order_reason is OrderReason.safety_need
    assert one().order_reason is OrderReason.referred_first


@pytest.mark.parametrize(
    ("status", "said_yes", "waiting_for"),
    [
        (S.accepted, False, WaitingFor.offer),
        (S.waiting, False, WaitingFor.offer),
        (S.waiting, True, WaitingFor.offer),
        (S.offered, False, WaitingFor.answer),
        (S.offered, True, WaitingFor.mentor),
    ],
)
def test_what_comes_next(status: MenteeStatus, said_yes: bool, waiting_for: WaitingFor) -> None:
    assert one(status=status, said_yes=said_yes).waiting_for is waiting_for


@pytest.mark.parametrize(
    ("status", "ago", "over"),
    [
        (S.waiting, 14.0, False),
        (S.waiting, 14.001, True),
        (S.offered, 30.0, False),
        (S.accepted, None, False),
    ],
)
def test_only_a_wait_for_an_offer_goes_over_the_alert(
    status: MenteeStatus, ago: float | None, over: bool
) -> None:
    since = None if ago is None else days(ago)
    assert one(status=status, waiting_since=since).over_alert(NOW, 14) is over
