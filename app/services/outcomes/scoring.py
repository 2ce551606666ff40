"""Totals of questionnaires, and whether two of them differ by more than chance. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from app.models.questionnaires import ReliableChange
from app.services.outcomes.instruments import Definition


@dataclass(frozen=True, slots=True)
class Score:
    """What answers add up to. No total: more was left out than the questionnaire allows, or its
    items are never summed."""

    total: float | None
    unanswered: int
    prorated: bool


def score(definition: Definition, answers: Mapping[str, object]) -> Score:
    """Sum the points of the answers; items left out within `may_miss` count as the mean of the
    others, the total rounded to a whole number with halves upwards."""
    points = {name: value for name, value in answers.items() if isinstance(value, int)}
    unanswered = len(definition.items) - len(answers)
    if definition.total is None or not points or unanswered > definition.may_miss:
        return Score(None, unanswered, prorated=False)
    most = sum(definition.between)
    summed = sum(
        most - value if name in definition.reversed else value for name, value in points.items()
    )
    if not unanswered:
        return Score(float(summed), 0, prorated=False)
    whole = Decimal(summed * len(definition.items)) / len(points)
    return Score(float(whole.quantize(Decimal(1), ROUND_HALF_UP)), unanswered, prorated=True)


def asks_for_a_person(definition: Definition, answers: Mapping[str, object]) -> bool:
    """Whether an answer is one that somebody must look at, whatever the total. It says nothing of
    how much: it is no score."""
    return any(answers.get(name) not in (None, 0) for name in definition.review)


def is_a_case(definition: Definition, total: float | None) -> bool | None:
    """Whether a total is past the questionnaire's threshold. None: it has none, or no total."""
    if definition.case_at is None or total is None:
        return None
    if definition.higher_is_better:
        return total <= definition.case_at
    return total >= definition.case_at


def reliable_change(definition: Definition, first: float, then: float) -> ReliableChange | None:
    """Whether the second total differs reliably from the first. None: it is not known how much
    that is for this questionnaire."""
    if definition.reliable is None:
        return None
    better = then - first if definition.higher_is_better else first - then
    if abs(better) < definition.reliable:
        return ReliableChange.no_reliable_change
    return ReliableChange.improved if better > 0 else ReliableChange.deteriorated
