"""Before and after, of the same people: yes and no, and totals. Pure; the sums are scipy's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import mean, stdev

from app.models.questionnaires import Answer, ReliableChange
from app.services.outcomes.instruments import Definition
from app.services.outcomes.scoring import is_a_case, reliable_change


@dataclass(frozen=True, slots=True)
class YesNo:
    """A paired yes-or-no question as a table of four; only whoever answered both times counts."""

    both_yes: int
    resolved: int
    new_onset: int
    both_no: int

    @property
    def pairs(self) -> int:
        return self.both_yes + self.resolved + self.new_onset + self.both_no

    @property
    def p_value(self) -> float | None:
        """McNemar's exact test, of two sides: how likely so uneven a change is by chance. None
        where nobody changed."""
        changed = self.resolved + self.new_onset
        if not changed:
            return None
        from scipy.stats import binomtest  # half a second to load, for those who ask for figures

        return float(binomtest(self.resolved, changed, 0.5).pvalue)


def yes_no(pairs: Iterable[tuple[Answer, Answer]]) -> YesNo:
    """Count the pairs of answers; whoever left one of them out is in none."""
    known = [pair for pair in pairs if set(pair) <= {Answer.yes, Answer.no}]
    yes, no = Answer.yes, Answer.no
    return YesNo(*(known.count(each) for each in ((yes, yes), (yes, no), (no, yes), (no, no))))


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """Totals of the same people, first and then: the later less the earlier."""

    pairs: int
    mean_first: float | None
    mean_difference: float | None
    interval: tuple[float, float] | None
    classes: dict[ReliableChange, int]
    cases_first: int | None
    cases_recovered: int | None


def score_change(definition: Definition, totals: Sequence[tuple[float, float]]) -> ScoreChange:
    """The mean change with its 95 % interval (Student's t; none of fewer than two), how many
    changed reliably, and how many who were past the threshold no longer are."""
    differences = [then - first for first, then in totals]
    classes = [reliable_change(definition, first, then) for first, then in totals]
    cases = [then for first, then in totals if is_a_case(definition, first)]
    known = definition.case_at is not None
    return ScoreChange(
        pairs=len(totals),
        mean_first=mean(first for first, _ in totals) if totals else None,
        mean_difference=mean(differences) if totals else None,
        interval=interval(differences),
        classes={each: classes.count(each) for each in ReliableChange} if any(classes) else {},
        cases_first=len(cases) if known else None,
        cases_recovered=sum(not is_a_case(definition, each) for each in cases) if known else None,
    )


def interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % interval of a mean by Student's t. None of fewer than two values."""
    if len(values) < 2:
        return None
    middle, error = mean(values), stdev(values) / sqrt(len(values))
    if not error:
        return middle, middle
    from scipy.stats import t  # half a second to load, for those who ask for figures

    low, high = t.interval(0.95, len(values) - 1, loc=middle, scale=error)
    return float(low), float(high)
