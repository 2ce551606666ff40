"""The published case study beside what records would have to say for it to be true.

Published of a sample of 60 mentees: in percent, whole, without a denominator. `sample` is made up
so that exactly those figures come from it; `readings` finds every other way to read them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.models.questionnaires import Answer, Change
from app.models.reports import Indicator, Question
from app.services.outcomes.answers import Episode
from app.services.outcomes.indicators import (
    DEFINITION_VERSION,
    Share,
    indicators,
    percent,
)

SAMPLE = 60
NO_COMPARISON = "before and after, without a comparison group"
UNANSWERED = 5  # how many of a sample may have left a question out, in the readings looked for
PUBLISHED = {
    Indicator.ever_self_harm: 63,
    Indicator.current_self_harm: 24,
    Indicator.self_harm_improved: 57,
    Indicator.suicidal: 78,
    Indicator.suicidal_improved: 66,
}
WORDS = {
    Indicator.ever_self_harm: "had harmed themselves in the past",
    Indicator.current_self_harm: "were using self-harm to cope",
    Indicator.self_harm_improved: "of these, stopped or reduced it",
    Indicator.suicidal: "had thought of suicide or attempted it within 12 months",
    Indicator.suicidal_improved: "of these, stopped or reduced both",
}
Q = Question


@dataclass(frozen=True, slots=True)
class Compared:
    """A published figure and ours."""

    words: str
    published: int
    share: Share

    @property
    def agrees(self) -> bool:
        """Whether ours, rounded as theirs, is theirs."""
        return self.share.percent == self.published


@dataclass(frozen=True, slots=True)
class Reading:
    """Counts that give the published figures: of how many, and of these, how many improved."""

    had_indicator: Indicator
    had: tuple[int, int]
    improved_indicator: Indicator
    improved: tuple[int, int]

    @property
    def left_out(self) -> int:
        """How many of the sample would have left the question out."""
        return SAMPLE - self.had[1]


def compared(sample: Sequence[Episode]) -> list[Compared]:
    """Every published figure beside the sample's own."""
    return [
        Compared(WORDS[share.indicator], PUBLISHED[share.indicator], share)
        for share in indicators(sample)
    ]


def sample(
    ever: tuple[int, int] = (38, SAMPLE), current: tuple[int, int] = (14, 59)
) -> list[Episode]:
    """Sixty made-up mentees from whom exactly the published figures come.

    38 of 60 had harmed themselves; 14 of 59 still did, one did not answer; 8 of the 14 improved;
    47 of 60 had thought of suicide or attempted it; 31 of the 47 improved in both. `ever` and
    `current` take other readings of the first two, as how many of how many who answered.
    """
    return [_episode(number, ever, current) for number in range(SAMPLE)]


def _episode(number: int, ever: tuple[int, int], current: tuple[int, int]) -> Episode:
    baseline: dict[Question, Answer] = {
        Q.ever_self_harm: _said(number, *ever),
        Q.current_self_harm: _said(number, *current),
    }
    changes: dict[Question, Change] = {}
    if baseline[Q.current_self_harm] is Answer.yes:
        changes[Q.current_self_harm] = _changed(number, stopped=5, reduced=3, unchanged=5)
    # Those who thought of it are counted from the other end: they are not the same people.
    place = SAMPLE - 1 - number
    baseline[Q.suicidal_thoughts] = _said(place, 47, SAMPLE)
    baseline[Q.suicide_attempt] = _said(place, 12, SAMPLE)
    if baseline[Q.suicidal_thoughts] is Answer.yes:
        changes[Q.suicidal_thoughts] = _changed(place, stopped=13, reduced=18, unchanged=14)
    if baseline[Q.suicide_attempt] is Answer.yes:
        changes[Q.suicide_attempt] = Change.stopped
    return Episode(baseline, changes)


def _said(number: int, yes: int, of: int) -> Answer:
    if number < yes:
        return Answer.yes
    return Answer.no if number < of else Answer.not_asked


def _changed(number: int, *, stopped: int, reduced: int, unchanged: int) -> Change:
    for change, many in (
        (Change.stopped, stopped),
        (Change.reduced, reduced),
        (Change.unchanged, unchanged),
    ):
        if number < many:
            return change
        number -= many
    return Change.increased


def counts(published: int, least: int, most: int) -> Iterator[tuple[int, int]]:
    """Every count of every denominator between two that rounds to a published percentage."""
    for of in range(most, least - 1, -1):
        for n in range(of + 1):
            if percent(n, of) == published:
                yield n, of


def readings(had: Indicator, improved: Indicator) -> list[Reading]:
    """Every pair of counts that gives two published figures, the second of those in the first,
    all of whom were followed up; at most `UNANSWERED` left the question out."""
    found = []
    for n, of in counts(PUBLISHED[had], SAMPLE - UNANSWERED, SAMPLE):
        found += [
            Reading(had, (n, of), improved, (k, of_these))
            for k, of_these in counts(PUBLISHED[improved], n, n)
        ]
    return found


def all_readings() -> list[Reading]:
    """What the five figures can mean: "of these" as those who still did, or as all who ever did."""
    pairs = [
        (Indicator.current_self_harm, Indicator.self_harm_improved),
        (Indicator.ever_self_harm, Indicator.self_harm_improved),
        (Indicator.suicidal, Indicator.suicidal_improved),
    ]
    return [reading for had, improved in pairs for reading in readings(had, improved)]


def impossible() -> str | None:
    """Why a figure cannot come of sixty complete answers, with the two shares it lies between.

    None if it can.
    """
    published = PUBLISHED[Indicator.current_self_harm]
    if next(counts(published, SAMPLE, SAMPLE), None) is not None:
        return None
    below = max(n for n in range(SAMPLE) if percent(n, SAMPLE) < published)
    either = " and ".join(f"{n}/{SAMPLE} is {100 * n / SAMPLE:.1f} %" for n in (below, below + 1))
    return (
        f"{published} % cannot come of {SAMPLE} complete answers: {either}. "
        "So every figure has a denominator of its own."
    )


def report() -> dict[str, Any]:
    """Published against recomputed, every other reading, and what the figures do not say."""
    return {
        "sample": SAMPLE,
        "definition_version": DEFINITION_VERSION,
        "label": NO_COMPARISON,
        "note": impossible(),
        "figures": [
            {
                "indicator": each.share.indicator.value,
                "words": each.words,
                "published_percent": each.published,
                "percent": each.share.percent,
                "agrees": each.agrees,
                **as_told(each.share),
                "also": also(each.share),
            }
            for each in compared(sample())
        ],
        "readings": [
            {
                "had": each.had_indicator.value,
                "had_ratio": _ratio(*each.had),
                "left_out": each.left_out,
                "improved": each.improved_indicator.value,
                "improved_ratio": _ratio(*each.improved),
            }
            for each in all_readings()
        ],
    }


def also(share: Share) -> list[str]:
    """Every other ratio that rounds to the published figure: of a sample's answers of which at
    most `UNANSWERED` are missing, or of just as many as the share was counted from."""
    of_sample = share.eligible == SAMPLE
    least = SAMPLE - UNANSWERED if of_sample else share.denominator
    most = SAMPLE if of_sample else share.denominator
    ours = (share.numerator, share.denominator)
    found = counts(PUBLISHED[share.indicator], least, most)
    return [_ratio(*each) for each in found if each != ours]


def as_told(share: Share) -> dict[str, Any]:
    """What a share was counted from and how sure it is, as JSON has it."""
    low, high = share.interval or (None, None)
    least, most = share.bounds or (None, None)
    return {
        "numerator": share.numerator,
        "denominator": share.denominator,
        "eligible": share.eligible,
        "missing": dict(share.missing),
        "ratio": _ratio(share.numerator, share.denominator),
        "interval": {"low": low, "high": high},
        "if_the_missing_answered": {"no": least, "yes": most},
    }


def _ratio(numerator: int, denominator: int) -> str:
    return f"{numerator}/{denominator}"
