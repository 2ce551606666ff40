"""Events of life in so many days: rates, days in self-seclusion, and which days count. Pure.

A figure is of one event and one kind of fact. The two are never added up over kinds of fact.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from app.models.life_events import FACTS, FactKind, LifeEventKind
from app.models.reports import CountedEvent
from app.services.figures import poisson

DAY = timedelta(days=1)
Figure = tuple[CountedEvent, FactKind]
FIGURES: tuple[Figure, ...] = (
    *((CountedEvent(kind), fact) for kind in LifeEventKind for fact in FactKind
      if fact in FACTS[kind]),
    (CountedEvent.group_attended, FactKind.staff_recorded),
    (CountedEvent.became_mentor, FactKind.staff_recorded),
)  # fmt: skip
"""What is counted, each by itself. The last two come from the scheme's own records."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days, both included; none where the last is before the first."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return max((self.last - self.first).days + 1, 0)

    def within(self, other: "Span") -> "Span":
        """What both have in common."""
        return Span(max(self.first, other.first), min(self.last, other.last))

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a mentee, on a day; of self-seclusion a spell."""

    mentee_id: UUID
    event: CountedEvent
    fact: FactKind
    day: date
    last: date

    @property
    def figure(self) -> Figure:
        return self.event, self.fact


@dataclass(frozen=True, slots=True)
class Rate:
    """So many events in so many days, of all mentees together."""

    events: int
    days: int

    @property
    def per_1000(self) -> float | None:
        return 1000 * self.events / self.days if self.days else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The exact 95 % interval of a Poisson rate, per 1,000 days. None without any day."""
        if not self.days:
            return None
        low, high = poisson(self.events)
        return 1000 * low / self.days, 1000 * high / self.days


Exposure = Mapping[UUID, Sequence[Span]]
"""By mentee the spans of days in which an event counts; no day is in two of them."""


def cut(exposure: Exposure, period: Span) -> dict[UUID, list[Span]]:
    """What of it lies in a period."""
    return {
        mentee: [each for span in spans if (each := span.within(period)).days]
        for mentee, spans in exposure.items()
    }


def days(exposure: Exposure) -> int:
    """All of their days together."""
    return sum(span.days for spans in exposure.values() for span in spans)


def counted(happened: Iterable[Happened], exposure: Exposure) -> dict[Figure, Rate]:
    """Every figure: the events on days that count, and those days."""
    numbers = dict.fromkeys(FIGURES, 0)
    for each in happened:
        numbers[each.figure] += any(
            span.holds(each.day) for span in exposure.get(each.mentee_id, ())
        )
    of = days(exposure)
    return {figure: Rate(number, of) for figure, number in numbers.items()}


def secluded(happened: Iterable[Happened], exposure: Exposure) -> dict[FactKind, int]:
    """Days in self-seclusion, among those that count, by whose word it is."""
    found = {fact: 0 for fact in FactKind if fact in FACTS[LifeEventKind.self_seclusion]}
    for each in happened:
        if each.event is CountedEvent.self_seclusion:
            spell = Span(each.day, each.last)
            spans = exposure.get(each.mentee_id, ())
            found[each.fact] += sum(span.within(spell).days for span in spans)
    return found


def supported(moves: Iterable[tuple[date, bool]], today: date) -> list[Span]:
    """The spans in support, up to today: each move begins it, or ends it.

    `moves`: the day, and whether support ended; in the order in which they were made.
    """
    found: list[Span] = []
    began: date | None = None
    for day, ended in moves:
        if ended and began is not None:
            found.append(Span(began, max(day, began)))
            began = None
        elif not ended and began is None:
            again = bool(found) and day <= found[-1].last  # the day it ended: none counts twice
            began = found.pop().first if again else day
    return [*found, Span(began, max(today, began))] if began is not None else found
