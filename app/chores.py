"""What falls due without anyone's doing: the worker does it once a minute."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.services import (
    break_glass,
    campaigns,
    check_ins,
    clearances,
    contact_requests,
    duty_patterns,
    enrolments,
    joint_reviews,
    match_proposals,
    mentees,
    mentors,
    outreach_visits,
    page_tests,
    releases,
    series,
    sessions,
    supervisions,
    trainings,
    wing_places,
)
from app.services.concerns import debriefs, leaving
from app.services.concerns.reconciler import reconcile
from app.services.duties import gaps as duty_gaps
from app.services.handovers import lapsing
from app.services.mentors import reviews, standing
from app.services.people import merges
from app.services.shifts.passing import by_the_clock as shifts_by_the_clock

# In this order: what has expired is seen by what watches over it.
CHORES: tuple[Callable[[AsyncSession, str], Awaitable[Any]], ...] = (
    reconcile,
    sessions.lock_due,
    series.look_after,
    enrolments.lapse_due,
    shifts_by_the_clock,
    duty_patterns.make_due,
    contact_requests.lapse_due,
    duty_gaps.tell_due,
    lapsing.lapse_due,
    trainings.expire_due,
    trainings.refreshers_due,
    clearances.review_due,
    standing.hold_to_standing,
    break_glass.expire_due,
    releases.expire_due,
    campaigns.close_due,
    mentors.applications_due,
    reviews.reviews_due,
    supervisions.alert_due,
    joint_reviews.open_due,
    check_ins.alert_due,
    debriefs.owe_due,
    debriefs.welfare_due,
    leaving.note_due,
    match_proposals.expire_due,
    mentees.tasks_due,
    wing_places.end_of_those_gone,
    wing_places.remind,
    outreach_visits.remind,
    merges.look_after,
    page_tests.tell_health,
)
# What takes one thing in a transaction, and answers whether there was one.
ONE_BY_ONE = frozenset({contact_requests.lapse_due})
