"""Before and after: the sums, against somebody else's."""

from random import Random

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.weightstats import DescrStatsW

from app.models.questionnaires import Answer, Instrument, ReliableChange
from app.services.outcomes.instruments import definitions
from app.services.outcomes.paired import YesNo, interval, score_change, yes_no

Y, N = Answer.yes, Answer.no


def test_mcnemar_agrees_with_somebody_elses_on_a_thousand_random_tables() -> None:
    random = Random(60)
    for _ in range(1000):
        a, b, c, d = (random.randint(0, 40) for _ in range(4))
        found = YesNo(a, b, c, d).p_value
        if b + c == 0:
            assert found is None
            continue
        theirs = mcnemar(np.array([[a, b], [c, d]]), exact=True).pvalue
        assert found == pytest.approx(min(theirs, 1.0), abs=1e-9)


def test_the_interval_of_a_mean_agrees_with_somebody_elses() -> None:
    random = Random(14)
    for _ in range(200):
        values = [random.gauss(-4, 6) for _ in range(random.randint(2, 80))]
        assert interval(values) == pytest.approx(DescrStatsW(values).tconfint_mean(), abs=1e-9)
    assert interval([3.0]) is None
    assert interval([2.0, 2.0]) == (2.0, 2.0)


def test_only_whoever_answered_both_times_is_a_pair() -> None:
    pairs = [(Y, Y), (Y, N), (N, Y), (N, N), (Y, Answer.declined), (Answer.unknown, N)]
    found = yes_no(pairs)
    assert found == YesNo(1, 1, 1, 1)
    assert found.pairs == 4


def test_totals_are_compared_person_by_person() -> None:
    found = score_change(definitions()[Instrument.phq9], [(15, 8), (12, 12), (4, 11), (10, 9)])
    assert found.mean_difference == pytest.approx(-0.25)
    assert found.classes == {
        ReliableChange.improved: 1,
        ReliableChange.no_reliable_change: 2,
        ReliableChange.deteriorated: 1,
    }
    assert (found.cases_first, found.cases_recovered) == (3, 2)
    nothing = score_change(definitions()[Instrument.swemwbs], [(20, 25)])
    assert (nothing.classes, nothing.cases_first, nothing.interval) == ({}, None, None)
