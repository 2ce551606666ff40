"""Whether the doors of the cells are locked, by the regime and by lockdowns: pure, no session, no
clock.

They are open from the day's first slot to lock-up, unless there is a lockdown. A night slot opens
nobody's door.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.models.regimes import RegimeSource, Slot
from app.services.regime_days import DayOfRegime, Regimes, Span, resolve
from app.services.working_days import local_date, utc

ONE_DAY = timedelta(days=1)
LOOK_AHEAD = 14  # days in which doors that are locked open again


@dataclass(frozen=True, slots=True)
class Doors:
    """A prison's doors."""

    regimes: Regimes
    lockdowns: Sequence[Span] = ()

    def locked_up(self, at: datetime) -> bool | None:
        """Whether they are locked at an instant; None where nobody set a regime for the day, and
        there is no lockdown."""
        if any(first <= at < last for first, last in self.lockdowns):
            return True
        return self.by_regime(at)

    def by_regime(self, at: datetime) -> bool | None:
        """The same on any such day: None where nobody set a regime."""
        day = resolve(self.regimes, local_date(at, self.regimes.zone))
        if day.source is RegimeSource.unset:
            return None
        starts = _by_day(day)
        if not starts or day.lock_up_at is None:
            return True
        return not min(starts) <= utc(at) < day.lock_up_at

    def change_after(self, at: datetime) -> datetime | None:
        """When they open or close next; None where nobody set a regime, or none for a long time."""
        before = self.locked_up(at)
        ahead = sorted(each for each in self._changes(at) if each > utc(at))
        return next((each for each in ahead if self.locked_up(each) is not before), None)

    def _changes(self, at: datetime) -> Iterator[datetime]:
        """When doors are opened or locked by the regime, and when lockdowns begin and end."""
        today = local_date(at, self.regimes.zone)
        for days in range(LOOK_AHEAD + 1):
            day = resolve(self.regimes, today + days * ONE_DAY)
            starts = _by_day(day)
            if starts and day.lock_up_at is not None and min(starts) < day.lock_up_at:
                yield from (min(starts), day.lock_up_at)
        for lockdown in self.lockdowns:
            yield from lockdown


def _by_day(day: DayOfRegime) -> list[datetime]:
    """When the slots begin for which doors are opened."""
    return [starts for slot, starts, _ in day.slots if slot is not Slot.night]
