"""On which addresses a page goes out: what is wished, and the floor below it."""

from datetime import UTC, datetime, time
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.addresses import Address, AddressKind, ChannelKind
from app.models.base import new_id
from app.models.deliveries import DeliveryStatus
from app.models.notifications import NotificationStatus, Urgency
from app.services.deliveries.moves import NOTIFICATION
from app.services.deliveries.routing import (
    begins,
    lines_of,
    looks_like,
    to_outside,
    to_staff,
    verdict,
)

LONDON = ZoneInfo("Europe/London")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SPRING = datetime(2026, 3, 29, 6, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 6, tzinfo=UTC)
BOTH = frozenset({ChannelKind.email, ChannelKind.sms, ChannelKind.letter})
D, N = DeliveryStatus, NotificationStatus


def an_address(kind: str = "email", **fields: Any) -> Address:
    return Address(
        id=new_id(),
        prison_id="SLI",
        staff_id=new_id(),
        kind=AddressKind(kind),
        value="x",
        code_until=NOON,
        **fields,
    )


ADDRESSES = st.lists(
    st.builds(
        an_address,
        kind=st.sampled_from(["email", "sms", "letter"]),
        safety=st.booleans(),
        ordinary=st.booleans(),
        ordinary_from=st.just(time(9)),
        ordinary_until=st.just(time(17)),
    ),
    max_size=5,
)
CHANNELS = st.frozensets(st.sampled_from(sorted(BOTH)))


def quick(addresses: list[Address], channels: frozenset[ChannelKind]) -> list[Address]:
    """Those that a page is not days on its way to."""
    usable = [each for each in addresses if each.kind.channel in channels]
    return [each for each in usable if each.kind is not AddressKind.letter]


@given(ADDRESSES, CHANNELS)
def test_for_now_every_address_is_used_whatever_was_wished(
    addresses: list[Address], channels: frozenset[ChannelKind]
) -> None:
    routes = to_staff(Urgency.now, addresses, channels, NOON, LONDON)
    usable = [each.id for each in quick(addresses, channels)]
    assert [each.address_id for each in routes] == usable
    assert all(each.not_before is None for each in routes)


@given(ADDRESSES, CHANNELS)
def test_for_safety_at_least_one_is_used_at_once_and_wishes_are_kept_above_that(
    addresses: list[Address], channels: frozenset[ChannelKind]
) -> None:
    used = {each.address_id for each in to_staff(Urgency.safety, addresses, channels, NOON, LONDON)}
    usable = quick(addresses, channels)
    wished = {each.id for each in usable if each.safety}
    assert used == (wished or {each.id for each in usable})
    assert bool(used) is bool(usable)


@given(ADDRESSES, CHANNELS)
def test_what_is_ordinary_goes_where_it_is_wished_and_nowhere_else(
    addresses: list[Address], channels: frozenset[ChannelKind]
) -> None:
    night = datetime(2026, 11, 23, 3, tzinfo=UTC)
    routes = to_staff(Urgency.ordinary, addresses, channels, night, LONDON)
    wished = [each.id for each in addresses if each.ordinary and each.kind.channel in channels]
    assert [each.address_id for each in routes] == wished
    assert {each.not_before for each in routes} <= {datetime(2026, 11, 23, 9, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("begin", "end", "now", "expected"),
    [
        (None, None, NOON, None),
        (time(9), time(17), NOON, None),
        (time(9), time(17), NOON.replace(hour=8, minute=59), NOON.replace(hour=9)),
        (time(9), time(17), NOON.replace(hour=17), NOON.replace(day=24, hour=9)),
        (time(21), time(7), NOON, NOON.replace(hour=21)),  # somebody who works at night
        (time(21), time(7), NOON.replace(hour=23), None),
        (time(21), time(7), NOON.replace(hour=6, minute=59), None),
        (time(21), time(7), NOON.replace(hour=7), NOON.replace(hour=21)),
        # the clocks go forward on 29 March 2026: nine on the wall is eight in UTC
        (time(9), time(17), SPRING, SPRING.replace(hour=8)),
        # and back on 25 October
        (time(9), time(17), AUTUMN, AUTUMN.replace(hour=9)),
    ],
)  # fmt: skip
def test_somebodys_own_day_is_on_the_prisons_wall(
    begin: time | None, end: time | None, now: datetime, expected: datetime | None
) -> None:
    assert begins(begin, end, now, LONDON) == expected


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("duty@prison.example", AddressKind.email),
        ("07700 900123", AddressKind.sms),
        ("+44 (7700) 900-123", AddressKind.sms),
        ("ext. 2231", None),
        ("switchboard", None),
        ("duty@prison", None),
        ("a@b.example\nBcc: c@d.example", None),
        ("999", None),
    ],
)
def test_an_address_outside_goes_by_what_it_looks_like(
    address: str, kind: AddressKind | None
) -> None:
    assert looks_like(address) is kind
    routes = to_outside(address, BOTH)
    assert [each.channel for each in routes] == ([kind.channel] if kind else [])
    assert to_outside(address, ()) == []


STATES = st.lists(st.tuples(st.sampled_from(ChannelKind), st.sampled_from(D)), max_size=5)


@given(STATES)
def test_a_page_is_as_far_as_the_best_of_its_deliveries_and_the_log_reaches_nobody(
    states: list[tuple[ChannelKind, D]],
) -> None:
    found = verdict(states)
    real = {status for channel, status in states if channel is not ChannelKind.log}
    if D.delivered in real:
        assert found is N.delivered
    elif D.sent in real:
        assert found is N.sent
    elif real == {D.failed}:
        assert found is N.failed, "and a log that took it changes nothing"
    assert found is not N.read
    if not states:
        assert found is N.pending


def test_a_page_may_move_to_whatever_its_deliveries_come_to() -> None:
    unread = [each for each in N if each is not N.read]
    for start, to in product(unread, unread):
        if start is not to and to is not N.pending:
            assert (start, to) in NOTIFICATION.moves
    assert not [to for start, to in NOTIFICATION.moves if start is N.read]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("12  High Street,Sheerness , me12 4ax", "12 High Street, Sheerness, me12 4ax"),
        ("A, B, C, D, E, F, SW1A 1AA", "A, B, C, D, E, F, SW1A 1AA"),
        ("A, B, C, D, E, F, G, SW1A 1AA", None),
        ("12 High Street, ME12 4AX", None),
        ("12 High Street, , ME12 4AX", None),
        ("12 High Street, Sheerness, Kent", None),
    ],
)
def test_an_address_for_letters_is_of_three_to_seven_lines(given: str, kept: str | None) -> None:
    assert lines_of(given) == kept
