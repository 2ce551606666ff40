"""Sums that every report makes in the same way: percentiles, and shares with their interval."""

from collections.abc import Sequence
from math import ceil


def nearest_rank(ordered: Sequence[float], share: float) -> float:
    """The percentile of sorted values by the nearest rank: one of the values, never between two.

    `share` lies above 0 and at most at 1. ValueError for no values.
    """
    if not ordered or not 0 < share <= 1:
        raise ValueError("a percentile needs values, and a share of them")
    return ordered[ceil(share * len(ordered)) - 1]


def wilson(count: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, as fractions. ValueError where there are none."""
    from scipy.stats import binomtest  # half a second to load, for those who ask for figures

    found = binomtest(count, of).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)
