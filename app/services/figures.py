"""Sums that every report makes in the same way: percentiles, shares, rates, and their intervals."""

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


def poisson(count: int) -> tuple[float, float]:
    """The exact 95 % interval (Garwood's) of the number of events expected where so many were
    seen."""
    from scipy.stats import chi2  # half a second to load, for those who ask for figures

    low = float(chi2.ppf(0.025, 2 * count)) / 2 if count else 0.0
    return low, float(chi2.ppf(0.975, 2 * count + 2)) / 2
