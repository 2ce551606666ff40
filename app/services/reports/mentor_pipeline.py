"""Becoming a mentor: where applications stand, how long each step takes, whose move is awaited."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.models.mentors import MENTOR_ENDED, MentorStatus
from app.models.report_tables import ReportTable, Unit
from app.models.staff import Role
from app.services.mentors.moves import MENTOR, MOVES
from app.services.periods import Period
from app.services.reports.stays import Stay, standing, stays
from app.services.reports.tables import counts, medians

S = MentorStatus
NEXT = {
    S.draft: S.submitted,
    S.submitted: S.screened,
    S.screened: S.interviewed,
    S.interviewed: S.governor_review,
    S.governor_review: S.approved_conditionally,
    S.appealed: S.governor_review,
    S.approved_conditionally: S.shadowing,
    S.shadowing: S.ready_for_sign_off,
    S.ready_for_sign_off: S.active,
    S.paused: S.active,
    S.suspended: S.active,
}
"""The move that takes somebody nearer to working as a mentor."""
LIVE = tuple(state for state in S if state not in MENTOR_ENDED)
ENDS = tuple(state for state in S if state in MENTOR_ENDED and state is not S.merged)
ORDER = (Role.mentor, Role.support_worker, Role.clinician, Role.governor)


def awaited(state: MentorStatus) -> str:
    """Whose move it is: a role, or several of which each may make it."""
    roles = MOVES[state, NEXT[state]].by
    if state is S.draft:
        return "applicant"  # staff may enter it for them
    return "_or_".join(role.value for role in ORDER if role in roles)


async def tables(db: AsyncSession, actor: Actor, period: Period) -> list[ReportTable]:
    """Who stands where at the end, whose move is awaited and for how long, and how long the stays
    were that ended."""
    every = await stays(db, actor.prison_id, MENTOR.noun, period.until)
    return counted(every, period, min(period.until, clock.now()))


def counted(every: Sequence[Stay], period: Period, at: datetime) -> list[ReportTable]:
    """The same of stays. `at`: the end of the period, or now if that is sooner. Pure."""
    there = list(standing(every, period.until).values())
    states = Counter(each.state for each in there)
    waits = {awaited(state): list[int]() for state in NEXT}
    for each in there:
        if (state := S(each.state)) in NEXT:
            waits[awaited(state)].append(each.days(at, period.zone))
    ended = [each for each in every if each.until is not None and each.until >= period.since]
    lasted = {
        state.value: [each.days(at, period.zone) for each in ended if each.state == state]
        for state in LIVE
    }
    still = sum(states[state.value] for state in LIVE)
    came = Counter(each.state for each in every if each.since >= period.since)
    return [
        counts(
            "standing",
            "Where they stand at the end",
            Unit.mentors,
            {state.value: states[state.value] for state in LIVE},
        ),
        counts(
            "awaited",
            "Whose move is awaited",
            Unit.mentors,
            {who: len(days) for who, days in waits.items()},
        ),
        medians("awaited_days", "How long it has been awaited", Unit.days, waits),
        medians(
            "days_in_state",
            "How long they were where they are no more",
            Unit.days,
            lasted,
            missing={"still_there": still} if still else {},
        ),
        counts(
            "ended",
            "Came to an end",
            Unit.mentors,
            {state.value: came[state.value] for state in ENDS},
        ),
    ]
