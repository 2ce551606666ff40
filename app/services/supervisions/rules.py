"""When supervision is due, when its lateness is told, and when it stands in the way: pure.

A day is a day on the prison's wall, whatever its hours; a due day ends at 17:00 there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.models.mentors import Commitment
from app.models.supervisions import (
    MentorSignature,
    Supervision,
    SupervisionStatus,
)
from app.services.working_days import close_of_day, local_date

EVERY = {Commitment.full_time: timedelta(days=7), Commitment.voluntary: timedelta(days=31)}
ALERT_AFTER = timedelta(days=3)
BLOCKS_AFTER = timedelta(days=7)
PUT_OFF_AT_MOST = timedelta(days=7)


def due_after(counts_from: date, commitment: Commitment) -> date:
    """The day on which supervision is due, that many days after the last one."""
    return counts_from + EVERY[commitment]


def due_after_change(
    counts_from: date, due_on: date, changed_on: date, commitment: Commitment
) -> date:
    """The day on which an open supervision is due once the commitment has changed.

    What is owed already stays owed; someone who comes to be seen more often has a whole new
    interval from the change, but no day more than they had.
    """
    if due_on <= changed_on:
        return due_on
    anew = due_after(counts_from, commitment)
    return anew if anew >= due_on else min(due_on, changed_on + EVERY[commitment])


def alert_at(alerts: int, due_on: date, zone: ZoneInfo) -> datetime | None:
    """When the next alert is due, of which `alerts` were given: on the day, and three days on."""
    if alerts == 0:
        return close_of_day(due_on, zone)
    return close_of_day(due_on + ALERT_AFTER, zone) if alerts == 1 else None


def blocks_at(first_due_on: date, zone: ZoneInfo) -> datetime:
    """When the mentor is given nobody new. It counts from the first due day: putting a supervision
    off does not put this off."""
    return close_of_day(first_due_on + BLOCKS_AFTER, zone)


@dataclass(frozen=True, slots=True)
class Compliance:
    """How one mentor's supervisions were kept."""

    on_time: int = 0
    late: int = 0
    missed: int = 0
    signed_by_both: int = 0

    @property
    def due(self) -> int:
        return self.on_time + self.late + self.missed


def compliance(supervisions: Iterable[Supervision], now: datetime, zone: ZoneInfo) -> Compliance:
    """How they were kept, as things stand now. Cancelled ones were not due, nor are those whose
    day has not passed."""
    on_time = late = missed = signed = 0
    for each in supervisions:
        if each.status is SupervisionStatus.cancelled:
            continue
        if each.held_at is None:
            missed += now > close_of_day(each.first_due_on, zone)
            continue
        in_time = local_date(each.held_at, zone) <= each.first_due_on
        on_time, late = on_time + in_time, late + (not in_time)
        by_mentor = each.mentor_signature is MentorSignature.signed
        signed += by_mentor and each.supervisor_signed_at is not None
    return Compliance(on_time, late, missed, signed)
