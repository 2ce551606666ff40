"""How fast somebody came: pure."""

from datetime import UTC, datetime, timedelta

import pytest

from app.models.base import new_id
from app.models.contact_requests import ContactStatus, OfferAnswer
from app.services.contact_requests.figures import Request, counted, waited

NIGHT = datetime(2026, 11, 24, 3, tzinfo=UTC)
S = ContactStatus


def asked(
    status: ContactStatus, accepted: float | None = None, met: float | None = None
) -> Request:
    def after(minutes: float | None) -> datetime | None:
        return None if minutes is None else NIGHT + timedelta(minutes=minutes)

    return Request(new_id(), status, NIGHT, after(accepted), after(met))


@pytest.mark.parametrize(
    ("minutes", "median", "p90"),
    [
        ([], None, None),
        ([4], 4, 4),
        ([2, 4], 3, 4),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 100], 5.5, 9),
        ([None, 7], 7, 7),
    ],
)
def test_who_waited_in_vain_is_in_no_median(
    minutes: list[float | None], median: float | None, p90: float | None
) -> None:
    spans = [(NIGHT, None if m is None else NIGHT + timedelta(minutes=m)) for m in minutes]
    found = waited(spans)
    assert (found.median, found.p90) == (median, p90)
    assert found.counted == len([m for m in minutes if m is not None])


def test_every_request_is_counted_once_by_what_came_of_it() -> None:
    requests = [
        asked(S.ended, 3, 9),
        asked(S.under_way, 5, 20),
        asked(S.offered),
        asked(S.unmet),
        asked(S.withdrawn),
    ]
    answers = [OfferAnswer.accepted, OfferAnswer.declined, OfferAnswer.lapsed, OfferAnswer.open]
    found = counted(requests, answers)
    assert (found.asked, found.met, found.open, found.unmet, found.withdrawn) == (5, 2, 2, 1, 1)
    assert (found.offers, found.declined, found.lapsed) == (4, 1, 1)
    assert found.minutes_to_accept.median == 4
    assert (found.minutes_to_meet.median, found.minutes_to_meet.p90) == (14.5, 20)
