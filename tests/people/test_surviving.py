"""Of two live records of one person, which stays. Pure: every pair of states."""

from datetime import UTC, datetime, timedelta
from itertools import permutations, product
from types import SimpleNamespace
from typing import Any

import pytest

from app.models.acct_pointers import AcctStatus
from app.models.base import new_id
from app.models.legal_holds import HoldStatus
from app.models.mentees import MENTEE_ENDED, MenteeStatus
from app.models.mentors import MENTOR_ENDED, MentorStatus
from app.models.wing_places import WING_PLACE_ENDED, WingPlaceStatus
from app.services.people import surviving
from app.services.people.surviving import stays

M, E = MentorStatus, MenteeStatus
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
KINDS = [
    (surviving.MENTORS, set(M) - MENTOR_ENDED, surviving.mentor_key),
    (surviving.MENTEES, set(E) - MENTEE_ENDED, surviving.mentee_key),
    (surviving.PLACES, set(WingPlaceStatus) - WING_PLACE_ENDED, surviving.place_key),
    (surviving.ACCTS, set(AcctStatus) - {AcctStatus.closed}, surviving.acct_key),
    (surviving.HOLDS, set(HoldStatus) - {HoldStatus.lifted}, surviving.hold_key),
]


def thing(status: Any, days: int = 0, **fields: Any) -> Any:
    at = NOON + timedelta(days=days)
    return SimpleNamespace(
        status=status, recorded_at=at, requested_at=at, id=new_id(),
        **{"suspended_from": None, **fields},
    )  # fmt: skip


@pytest.mark.parametrize(("order", "live", "key"), KINDS)
def test_every_live_state_has_its_place_in_the_order(order: Any, live: Any, key: Any) -> None:
    assert len(order) == len(set(order))
    assert set(order) == live
    for first, last in product(live, repeat=2):
        one, other = thing(first), thing(last, days=-1)
        kept, ended = stays(one, other, key)
        assert {id(kept), id(ended)} == {id(one), id(other)}
        assert (kept, ended) == stays(other, one, key), "whichever is named first"
        if first is last:
            assert kept is other, "between equals the older stays"


@pytest.mark.parametrize("state", [state for state in surviving.MENTORS if state != M.suspended])
def test_nobodys_suspension_is_merged_away(state: MentorStatus) -> None:
    suspended = thing(M.suspended, days=9, suspended_from=M.shadowing)
    assert stays(thing(state), suspended, surviving.mentor_key)[0] is suspended


def test_of_two_suspended_mentors_the_one_who_had_come_further_stays() -> None:
    active = thing(M.suspended, days=9, suspended_from=M.active)
    shadowing = thing(M.suspended, suspended_from=M.shadowing)
    assert stays(shadowing, active, surviving.mentor_key) == (active, shadowing)


@pytest.mark.parametrize("supported", [E.stepped_up, E.engaged, E.paused])
@pytest.mark.parametrize("state", [E.offered, E.waiting, E.accepted, E.triage, E.self_referred])
def test_who_has_support_is_not_set_back_to_waiting(
    supported: MenteeStatus, state: MenteeStatus
) -> None:
    with_support = thing(supported, days=9)
    assert stays(thing(state), with_support, surviving.mentee_key)[0] is with_support


def test_merges_in_any_order_keep_the_same_one() -> None:
    three = [thing(M.active), thing(M.suspended, suspended_from=M.active), thing(M.active, days=-3)]
    for one, two, last in permutations(three):
        first, _ = stays(one, two, surviving.mentor_key)
        assert stays(first, last, surviving.mentor_key)[0] is three[1]
