"""Indicators: shares of a sample, each with what it was counted from and how sure it is.

Definitions are versioned: a change of meaning is a new `DEFINITION_VERSION`, never an edit.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from app.models.questionnaires import Answer, Change
from app.models.reports import Indicator, Question
from app.services.figures import wilson
from app.services.outcomes.answers import IMPROVED, KNOWN, Episode

DEFINITION_VERSION = 1
SUICIDAL = (Question.suicidal_thoughts, Question.suicide_attempt)


@dataclass(frozen=True, slots=True)
class Share:
    """A numerator of a denominator, and how many were asked of whom no answer is known."""

    indicator: Indicator
    numerator: int
    denominator: int
    missing: Mapping[str, int]

    @property
    def eligible(self) -> int:
        """Whom the question concerns, with an answer or without."""
        return self.denominator + sum(self.missing.values())

    @property
    def percent(self) -> int | None:
        """In whole percent, halves upwards. None of nobody."""
        return percent(self.numerator, self.denominator) if self.denominator else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval in percent, to one place. None of nobody."""
        if not self.denominator:
            return None
        low, high = wilson(self.numerator, self.denominator)
        return round(100 * low, 1), round(100 * high, 1)

    @property
    def bounds(self) -> tuple[int, int] | None:
        """In whole percent of all who are eligible: had nobody missing said yes, and had all."""
        if not self.eligible:
            return None
        without = self.eligible - self.denominator
        return (
            percent(self.numerator, self.eligible),
            percent(self.numerator + without, self.eligible),
        )


def percent(numerator: int, denominator: int) -> int:
    """Whole percent with halves upwards, from the exact ratio."""
    exact = Decimal(100 * numerator) / Decimal(denominator)
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def suicidal(episode: Episode) -> Answer:
    """Thoughts of suicide, or an attempt, in the last 12 months: yes if either; no only if both
    were answered; otherwise why an answer is missing, the thoughts' reason first."""
    said = [episode.said(question) for question in SUICIDAL]
    if Answer.yes in said:
        return Answer.yes
    return next((each for each in said if each is not Answer.no), Answer.no)


def suicidal_change(episode: Episode) -> Change:
    """What became of all of it: as good as what got on worst, of what there was at first.

    Both are needed: thoughts that stopped do not make up for attempts that did not, and what is
    new counts as an increase. Unknown while one of those there were is.
    """
    of_these = [
        episode.became(question)
        for question in SUICIDAL
        if episode.said(question) is Answer.yes or episode.became(question) is Change.increased
    ]
    worst_first = (
        Change.increased,
        Change.unknown,
        Change.unchanged,
        Change.reduced,
        Change.stopped,
    )
    return next((each for each in worst_first if each in of_these), Change.unknown)


def indicators(sample: Iterable[Episode]) -> list[Share]:
    """Every indicator of a sample."""
    everybody = list(sample)
    current = [e for e in everybody if e.said(Question.current_self_harm) is Answer.yes]
    thought = [e for e in everybody if suicidal(e) is Answer.yes]
    return [
        _answered(Indicator.ever_self_harm, everybody, lambda e: e.said(Question.ever_self_harm)),
        _answered(
            Indicator.current_self_harm, everybody, lambda e: e.said(Question.current_self_harm)
        ),
        improved(
            Indicator.self_harm_improved, current, lambda e: e.became(Question.current_self_harm)
        ),
        _answered(Indicator.suicidal, everybody, suicidal),
        improved(Indicator.suicidal_improved, thought, suicidal_change),
    ]


def improved(
    indicator: Indicator, of_these: Sequence[Episode], change: Callable[[Episode], Change]
) -> Share:
    """How many stopped or reduced, of those of whom it is known."""
    known = [e for e in of_these if change(e) is not Change.unknown]
    missing = Counter(e.lost or Change.unknown for e in of_these if change(e) is Change.unknown)
    return Share(indicator, sum(change(e) in IMPROVED for e in known), len(known), dict(missing))


def _answered(
    indicator: Indicator, sample: Sequence[Episode], answer: Callable[[Episode], Answer]
) -> Share:
    counted = Counter(answer(episode) for episode in sample)
    missing = {each.value: n for each, n in counted.items() if each not in KNOWN}
    yes = counted[Answer.yes]
    return Share(indicator, yes, yes + counted[Answer.no], missing)
