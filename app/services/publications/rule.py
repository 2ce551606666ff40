"""The NHS rule for small numbers: 1 to 7 are not shown, larger ones to the nearest 5, none is 0.

Pure. What is hidden for the sake of another is decided in `guard.py`.
"""

from decimal import ROUND_HALF_UP, Decimal

VERSION = 1
FEWEST = 8
STEP = 5
HIDDEN = "*"


def small(count: int) -> bool:
    """Whether so few are never shown."""
    return 0 < count < FEWEST


def shown(count: int) -> int | None:
    """What is shown of a count; None: nothing."""
    if small(count):
        return None
    return (count + STEP // 2) // STEP * STEP


def known(count: int) -> tuple[int, int]:
    """Between what a reader knows a count to lie who sees what the rule shows of it."""
    if small(count):
        return 1, FEWEST - 1
    if count == 0:
        return 0, 0
    middle = (count + STEP // 2) // STEP * STEP
    return max(FEWEST, middle - STEP // 2), middle + STEP // 2


def whole(number: float) -> int:
    """To the nearest whole number, halves upwards; what is more than nothing is at least one."""
    rounded = int(Decimal(str(number)).quantize(Decimal(1), ROUND_HALF_UP))
    return max(rounded, 1) if number > 0 else rounded


def percent(count: int | None, of: int | None) -> int | None:
    """The share in whole percent, of what is shown and of nothing else."""
    if count is None or not of:
        return None
    return whole(100 * count / of) if count else 0
