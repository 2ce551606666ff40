"""Indicators: what counts as an answer, as a change, and what is told of whoever is missing."""

from random import Random

import pytest
from statsmodels.stats.proportion import proportion_confint

from app.models.questionnaires import Answer, Change
from app.models.reports import Indicator, Question
from app.services.figures import wilson
from app.services.outcomes.answers import Episode
from app.services.outcomes.indicators import (
    Share,
    indicators,
    percent,
    suicidal,
    suicidal_change,
)

THOUGHTS, ATTEMPT = Question.suicidal_thoughts, Question.suicide_attempt
CURRENT, EVER = Question.current_self_harm, Question.ever_self_harm
Y, N = Answer.yes, Answer.no


def share(indicator: Indicator, *sample: Episode) -> Share:
    return next(each for each in indicators(sample) if each.indicator is indicator)


def test_wilsons_interval_agrees_with_somebody_elses_on_a_thousand_random_tables() -> None:
    random = Random(24)
    for _ in range(1000):
        of = random.randint(1, 2000)
        n = random.randint(0, of)
        assert wilson(n, of) == pytest.approx(proportion_confint(n, of, method="wilson"), abs=1e-9)


@pytest.mark.parametrize(
    ("n", "of", "expected"),
    [(1, 8, 13), (1, 40, 3), (3, 8, 38), (35, 56, 63), (14, 60, 23), (15, 60, 25), (0, 3, 0)],
)
def test_halves_are_rounded_upwards(n: int, of: int, expected: int) -> None:
    assert percent(n, of) == expected


def test_whoever_gave_no_answer_is_in_no_denominator_and_is_told_by_reason() -> None:
    said = (Y, Y, N, Answer.declined, Answer.declined, Answer.not_asked, Answer.unknown)
    found = share(Indicator.ever_self_harm, *(Episode({EVER: each}) for each in said))
    assert (found.numerator, found.denominator, found.eligible) == (2, 3, 7)
    assert found.missing == {"declined": 2, "not_asked": 1, "unknown": 1}
    assert found.bounds == (29, 86)


def test_nobody_is_no_share() -> None:
    found = share(Indicator.suicidal)
    assert (found.percent, found.interval, found.bounds) == (None, None, None)


def test_an_improvement_is_of_those_who_did_it_at_first_and_were_followed_up() -> None:
    def did(change: Change, lost: str | None = None) -> Episode:
        return Episode({EVER: Y, CURRENT: Y}, {CURRENT: change}, lost)

    found = share(
        Indicator.self_harm_improved,
        did(Change.stopped),
        did(Change.reduced),
        did(Change.unchanged),
        did(Change.increased),
        did(Change.unknown, lost="released"),
        Episode({EVER: Y, CURRENT: Y}, lost="declined"),
        Episode({EVER: Y, CURRENT: Y}),
        Episode({EVER: Y, CURRENT: N}, {CURRENT: Change.stopped}),
    )
    assert (found.numerator, found.denominator) == (2, 4)
    assert found.missing == {"released": 1, "declined": 1, "unknown": 1}


@pytest.mark.parametrize(
    ("thoughts", "attempt", "expected"),
    [
        (Y, N, Y),
        (N, Y, Y),
        (Y, Answer.declined, Y),
        (N, N, N),
        (N, Answer.declined, Answer.declined),
        (Answer.unknown, Answer.declined, Answer.unknown),
        (Answer.not_asked, N, Answer.not_asked),
    ],
)
def test_either_is_enough_and_no_needs_both(
    thoughts: Answer, attempt: Answer, expected: Answer
) -> None:
    assert suicidal(Episode({THOUGHTS: thoughts, ATTEMPT: attempt})) is expected


@pytest.mark.parametrize(
    ("thoughts", "attempt", "became", "expected"),
    [
        (Y, Y, (Change.stopped, Change.reduced), Change.reduced),
        (Y, Y, (Change.stopped, Change.stopped), Change.stopped),
        (Y, Y, (Change.stopped, Change.unchanged), Change.unchanged),
        (Y, Y, (Change.stopped, Change.unknown), Change.unknown),
        (Y, Y, (Change.increased, Change.unknown), Change.increased),
        (Y, N, (Change.stopped, Change.unknown), Change.stopped),
        (Y, N, (Change.stopped, Change.unchanged), Change.stopped),
        (Y, N, (Change.stopped, Change.increased), Change.increased),
        (N, Y, (Change.unknown, Change.reduced), Change.reduced),
    ],
)
def test_what_got_on_worst_decides(
    thoughts: Answer, attempt: Answer, became: tuple[Change, Change], expected: Change
) -> None:
    changes = dict(zip((THOUGHTS, ATTEMPT), became, strict=True))
    assert suicidal_change(Episode({THOUGHTS: thoughts, ATTEMPT: attempt}, changes)) is expected


def test_nobody_does_now_what_they_never_did() -> None:
    with pytest.raises(ValueError, match="ever cannot be no"):
        Episode({EVER: N, CURRENT: Y})
