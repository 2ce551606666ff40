"""What clients were told, the database holds and was paged, held against each other."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from benchmarks.fault.clients import History

REFERENCE = re.compile(r"reference ([A-Z0-9-]+)")
FINE_AFTER_SECONDS = 15.0
"""How long whoever was in trouble may still answer late."""

# Without its event, its history, or its line in the audit.
UNSAID = """
    SELECT c.id FROM concern c WHERE NOT EXISTS (
        SELECT FROM outbox o
        WHERE o.prison_id = c.prison_id AND o.thing_id = c.id AND o.topic = 'concern.raised'
    ) OR NOT EXISTS (
        SELECT FROM history h WHERE h.prison_id = c.prison_id AND h.thing_id = c.id
    ) OR NOT EXISTS (
        SELECT FROM audit_entry a WHERE a.prison_id = c.prison_id AND a.ids @> ARRAY[c.id]
    )
"""


@dataclass
class Held:
    """What was found after the run."""

    concerns: Sequence[tuple[str, str]]
    """Reference and account of each."""
    pages: Sequence[str]
    """Id of each."""
    lines: Sequence[str]
    unsaid: int = 0
    disturbed: Sequence[tuple[str, float, float]] = field(default_factory=list)


def check(history: History, held: Held) -> dict[str, object]:
    """The findings. Every name of `HARM` counts what must not be."""
    told = history.acknowledged
    by_reference = dict(held.concerns)
    by_account = Counter(account for _, account in held.concerns)
    torn, lines = _read(held.lines)
    first = _first(lines)
    sent = Counter(str(line["id"]) for line in lines)
    slowest = sorted(
        (max(0.0, first[each.reference] - each.at), each.at)
        for each in told.values()
        if each.reference in first
    )
    waits = [wait for wait, _ in slowest]
    return {
        "acknowledged": len(told),
        "lost": sum(by_reference.get(each.reference) != each.account for each in told.values()),
        "doubled": sum(count > 1 for count in by_account.values()) + len(history.otherwise),
        "never_notified": sum(reference not in first for reference in by_reference),
        "notified_twice": sum(count > 1 for count in sent.values()),
        "p50_s": _quantile(waits, 0.5),
        "p99_s": _quantile(waits, 0.99),
        "worst_s": _quantile(waits, 1.0),
        "slowest": [f"{_clock(at)}, {wait:.1f} s" for wait, at in slowest[:-4:-1]],
        "concerns": len(held.concerns),
        "pages": len(held.pages),
        "pages_lost": sum(page not in sent for page in held.pages),
        "pages_untrue": len(set(sent) - set(held.pages)),
        "pages_torn": torn,
        "unsaid": held.unsaid,
        "dishonest": sum(history.dishonest.values()),
        "kept_waiting": sum(_without_excuse(*each, held.disturbed) for each in history.waits),
        "given_up": len(history.given_up),
    }


def _read(lines: Iterable[str]) -> tuple[int, list[dict[str, str]]]:
    """How many lines are torn, and the others. A torn one is a page that was not handed over."""
    torn, whole = 0, []
    for line in lines:
        try:
            whole.append(json.loads(line))
        except ValueError:
            torn += bool(line)
    return torn, whole


def _first(lines: Iterable[dict[str, str]]) -> dict[str, float]:
    """When each reference was paged first."""
    first: dict[str, float] = {}
    for line in lines:
        if found := REFERENCE.search(line["text"]):
            at = datetime.fromisoformat(line["at"]).timestamp()
            first[found[1]] = min(first.get(found[1], at), at)
    return first


def _without_excuse(
    api: str, since: float, until: float, disturbed: Iterable[tuple[str, float, float]]
) -> bool:
    """Whether somebody waited on an API that was neither dead nor cut off then."""
    return not any(
        name == api and begin < until and since < end + FINE_AFTER_SECONDS
        for name, begin, end in disturbed
    )


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


def _quantile(values: Sequence[float], share: float) -> float | None:
    if not values:
        return None
    return round(values[min(len(values) - 1, int(len(values) * share))], 3)
