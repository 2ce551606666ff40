"""When an event is tried again, when a webhook is left alone, and where none is ever sent."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.integrations.webhooks.sender import Outcome, allowed
from app.models.webhooks import WebhookEnd
from app.services.webhooks.schedule import LONGEST_ASKED, PAUSES, end_of, pause_after

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
DOWN = Outcome(None)


@given(st.integers(1, len(PAUSES)), st.floats(0, 1))
def test_pauses_are_those_of_the_schedule_within_a_fifth(attempts: int, share: float) -> None:
    pause = pause_after(attempts, DOWN, share)
    assert pause is not None
    assert PAUSES[attempts - 1] * 0.8 <= pause <= PAUSES[attempts - 1] * 1.2


def test_after_the_last_pause_and_after_410_nothing_is_tried() -> None:
    assert pause_after(len(PAUSES) + 1, DOWN) is None
    assert pause_after(1, Outcome(410)) is None
    assert sum(PAUSES, timedelta()) == timedelta(hours=27, minutes=35, seconds=5)


@given(st.floats(0, 1e9), st.floats(0, 1))
def test_what_is_asked_for_is_waited_for_within_bounds(asked: float, share: float) -> None:
    pause = pause_after(1, Outcome(503, retry_after=asked), share)
    assert pause is not None
    assert pause >= min(timedelta(seconds=asked), LONGEST_ASKED)
    assert pause <= max(LONGEST_ASKED, PAUSES[0] * 1.2)


def test_a_webhook_is_left_alone_when_gone_or_after_five_days_of_failures() -> None:
    assert end_of(Outcome(410), None, NOW) is WebhookEnd.gone
    assert end_of(DOWN, NOW - timedelta(hours=121), NOW) is WebhookEnd.failing
    assert end_of(DOWN, NOW - timedelta(hours=119), NOW) is None
    assert end_of(DOWN, NOW, NOW) is None


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "0.0.0.0",
        "100.64.0.1",
        "224.0.0.1",
        "::ffff:10.1.2.3",
        "64:ff9b::a01:203",  # 10.1.2.3 through NAT64
        "64:ff9b::7f00:1",
        "64:ff9b:1::a01:203",
        "2002:a01:203::1",  # 10.1.2.3 through 6to4
        "::7f00:1",
        "::ffff:0:a01:203",
        "fec0::1",
        "::ffff:169.254.169.254",
    ],
)
def test_no_address_inside_is_asked_unless_the_site_lists_it(address: str) -> None:
    assert not allowed(address, [])
    assert not allowed(address, [ip_network("203.0.113.0/24")])


def test_what_the_site_lists_is_asked_and_what_is_beside_it_is_not() -> None:
    mine = [ip_network("10.20.0.0/16"), ip_network("fd00:1::/32")]
    assert allowed("10.20.3.4", mine)
    assert allowed("::ffff:10.20.3.4", mine)
    assert allowed("64:ff9b::a14:304", mine)
    assert allowed("64:ff9b::101:101", mine)
    assert allowed("fd00:1::5", mine)
    assert not allowed("10.21.3.4", mine)
    assert allowed("1.1.1.1", mine)
    assert allowed("2606:4700:4700::1111", mine)
