"""What the scheme takes: hours of mentors and of staff, and of the mental health team."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.models.efforts import EffortActivity, EffortBy, EffortLine
from app.models.mentees import MenteeStatus, ReferredBy
from app.models.report_tables import ReportTable, Unit
from app.models.sessions import SessionKind
from app.models.staff import StaffRole
from app.services import demand, efforts
from app.services.demand import Moved
from app.services.mentees.moves import STEP_UP_REASONS
from app.services.periods import Period
from app.services.reports.tables import counts

S = MenteeStatus
KINDS = [each.value for each in (*SessionKind, *EffortActivity)]
ROLES = [each.value for each in StaffRole]
AN_HOUR = 60


async def tables(db: AsyncSession, actor: Actor, period: Period) -> list[ReportTable]:
    """Hours by kind of work and by role; referrals from the mental health team, and step-ups."""
    days = period.first, period.last
    by_activity = await efforts.summary(db, actor, *days, EffortBy.activity)
    by_role = await efforts.summary(db, actor, *days, EffortBy.role)
    moves = await demand.moves_of(db, actor.prison_id, period.since, period.until)
    sources = await demand.referrals_of(db, actor.prison_id, period.since, period.until)
    return [
        *of_hours(by_activity.lines, by_role.lines),
        *of_team(moves, sources),
    ]


def of_hours(by_activity: Sequence[EffortLine], by_role: Sequence[EffortLine]) -> list[ReportTable]:
    """Mentors' and staff's hours by what they gave them to; staff's by role as well. Pure."""
    mentors, staff = dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, 0)
    for line in by_activity:
        mentors[line.key] += line.mentor_minutes
        staff[line.key] += line.staff_minutes
    roles = dict.fromkeys(ROLES, 0)
    for line in by_role:
        if line.key in roles:
            roles[line.key] += line.staff_minutes
    supervision = EffortActivity.supervision.value
    both = {"mentors": mentors[supervision], "staff": staff[supervision]}
    return [
        counts("mentor_hours", "Mentors' time, by kind of work", Unit.hours, _hours(mentors)),
        counts("staff_hours", "Staff's time, by kind of work", Unit.hours, _hours(staff)),
        counts("staff_hours_by_role", "Staff's time, by role", Unit.hours, _hours(roles)),
        counts("supervision_hours", "Time for supervision", Unit.hours, _hours(both)),
    ]


def _hours(minutes: dict[str, int]) -> dict[str, float]:
    return {key: round(number / AN_HOUR, 2) for key, number in minutes.items()}


def of_team(moves: Sequence[Moved], sources: dict[str, int]) -> list[ReportTable]:
    """What came from the mental health team, and what was asked of it. Pure."""
    reasons = demand.by_reason(moves, S.stepped_up)
    returned = sum(
        each.count for each in moves if each.start == S.stepped_up and each.to == S.engaged
    )
    clinician, acct = ReferredBy.clinician.value, ReferredBy.acct_review.value
    return [
        counts(
            "mental_health_team",
            "Between the scheme and the mental health team",
            Unit.mentees,
            {
                "referred_by_clinicians": sources.get(clinician, 0),
                "referred_by_acct_reviews": sources.get(acct, 0),
                "stepped_up": reasons.total(),
                "back_from_there": returned,
            },
        ),
        counts(
            "stepped_up_by_reason",
            "Stepped up to the mental health team, by why",
            Unit.mentees,
            {reason: reasons[reason] for reason in STEP_UP_REASONS},
        ),
    ]
