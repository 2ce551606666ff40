"""When an event that was not taken is tried again, and when a webhook is left alone. Pure."""

from datetime import datetime, timedelta
from random import SystemRandom

from app.integrations.webhooks.sender import Outcome
from app.models.webhooks import WebhookEnd

PAUSES = tuple(
    timedelta(seconds=each) for each in (5, 300, 1800, 7200, 18000, 36000, 36000)
)  # 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h
JITTER = 0.2
LONGEST_ASKED = timedelta(hours=12)
"""The longest Retry-After that is honoured."""
FAILING_FOR = timedelta(hours=120)
GONE = 410
_chance = SystemRandom()


def pause_after(attempts: int, outcome: Outcome, share: float | None = None) -> timedelta | None:
    """How long to wait after so many attempts; None: it was the last. `share` from 0 to 1: where
    within the jitter, by chance unless told."""
    if attempts > len(PAUSES) or outcome.status == GONE:
        return None
    share = _chance.random() if share is None else share
    pause = PAUSES[attempts - 1] * (1 + JITTER * (2 * share - 1))
    asked = timedelta(seconds=min(outcome.retry_after or 0, LONGEST_ASKED.total_seconds()))
    return max(pause, asked)


def end_of(outcome: Outcome, failing_since: datetime | None, now: datetime) -> WebhookEnd | None:
    """Why a webhook is to be left alone after this failure; None: it is not."""
    if outcome.status == GONE:
        return WebhookEnd.gone
    long = failing_since is not None and now - failing_since > FAILING_FOR
    return WebhookEnd.failing if long else None
