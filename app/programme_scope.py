"""Which rows of the programme's tables an actor may see: campaigns, cohorts, supervisions, goals
and the rest of what the scheme is run with. `app/scope.py` takes them in."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlmodel import SQLModel, col

from app.models.acquaintances import Acquaintance, DeclaredBy
from app.models.adoptions import Adoption
from app.models.assessments import Assessment
from app.models.availabilities import Availability
from app.models.calendar_feeds import CalendarFeed
from app.models.campaigns import Campaign, CampaignStatus
from app.models.character_references import CharacterReference
from app.models.check_ins import CheckIn
from app.models.clearances import Clearance
from app.models.cohorts import Attendance, Cohort, CohortDay, CohortMember
from app.models.contact_requests import ContactOffer, ContactRequest, ContactStatus
from app.models.efforts import Effort
from app.models.enrolments import Enrolment
from app.models.incident_counts import IncidentCount
from app.models.interviews import Interview
from app.models.joint_reviews import JointReview
from app.models.match_proposals import MatchProposal, MatchProposalPair
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.modules import SiteModule
from app.models.non_associations import NonAssociation
from app.models.outcome_cohorts import OutcomeCohort, OutcomeCohortMember
from app.models.outreach_visits import OutreachPart, OutreachVisit
from app.models.people import Person
from app.models.placements import Placement, PlacementStatus
from app.models.prison_events import PrisonEvent
from app.models.profiles import Profile
from app.models.publications import Publication
from app.models.rota_demands import RotaDemand
from app.models.rotas import Rota, RotaSolve
from app.models.series import Occurrence, Series, SeriesPlan
from app.models.shifts import Shift, ShiftStatus
from app.models.staff import Role
from app.models.statements import Statement
from app.models.supervisions import Supervision
from app.models.survey_rounds import SurveyCode, SurveyRound, SurveyTally
from app.models.wing_places import WingPlace
from app.support_scope import SUPPORT
from app.ties import HERE, MY_MENTOR, MY_PERSON, MY_STAFF, NOW, my_mentees

Narrowing = Callable[[Role], ColumnElement[bool]]


def _campaigns(role: Role) -> ColumnElement[bool]:
    """Prisoners see those that are open; staff all."""
    if role.family is Role.mentor:
        return col(Campaign.status) == CampaignStatus.open
    return true()


def _statements(role: Role) -> ColumnElement[bool]:
    """A prisoner's own words; to staff everyone's."""
    if role.family is not Role.mentor:
        return true()
    mine = select(col(Mentor.id)).where(
        col(Mentor.prison_id) == HERE, col(Mentor.person_id) == MY_PERSON
    )
    return col(Statement.mentor_id).in_(mine)


def _staff(role: Role) -> ColumnElement[bool]:
    """What staff hold of an application: no prisoner sees it, least of all of their own."""
    return false() if role.family is Role.mentor else true()


def _care_and_governors(role: Role) -> bool:
    """Those who run the scheme; wing officers read no notes."""
    return role is Role.support_worker or role.family in {Role.clinician, Role.governor}


def _of_my_mentor(mentor_id: Any) -> Narrowing:
    """Those who run the scheme see every row of the prison, a mentor their own."""

    def narrow(role: Role) -> ColumnElement[bool]:
        if role is Role.mentor:
            return col(mentor_id) == MY_MENTOR
        return true() if _care_and_governors(role) else false()

    return narrow


def _care_and(own: ColumnElement[bool]) -> Narrowing:
    """Support workers and clinicians see every row, a prisoner only `own`, nobody else any."""

    def narrow(role: Role) -> ColumnElement[bool]:
        if role.family is Role.mentor:
            return own
        return true() if role is Role.support_worker or role.family is Role.clinician else false()

    return narrow


def _the_scheme(role: Role) -> ColumnElement[bool]:
    return true() if _care_and_governors(role) else false()


def _everyone(_: Role) -> ColumnElement[bool]:
    return true()


def _all_for_staff(own: ColumnElement[bool]) -> Narrowing:
    """Staff see every row of the prison, a mentor only `own`."""
    return lambda role: own if role.family is Role.mentor else true()


def _my_cohorts() -> Any:
    """The cohorts a mentor is in."""
    return select(col(CohortMember.cohort_id)).where(
        col(CohortMember.prison_id) == HERE,
        col(CohortMember.mentor_id) == MY_MENTOR,
        col(CohortMember.left_at).is_(None),
    )


def _my_series() -> Any:
    """The series that a mentor leads by the present plan."""
    return select(col(SeriesPlan.series_id)).where(
        col(SeriesPlan.prison_id) == HERE,
        col(SeriesPlan.mentor_id) == MY_MENTOR,
        col(SeriesPlan.superseded_at).is_(None),
    )


def _clearances(role: Role) -> ColumnElement[bool]:
    """Support workers and governors; a mentor learns the outcome from their own record."""
    return true() if role in {Role.support_worker, Role.governor} else false()


def _contact(role: Role) -> ColumnElement[bool]:
    """Those who care for people; a prisoner what they asked for, and a mentor what is put to them
    or taken on by them. Governors read figures."""
    if role.family is Role.governor:
        return false()
    if role.family is not Role.mentor:
        return true()
    mine = select(col(Mentee.id)).where(
        col(Mentee.prison_id) == HERE, col(Mentee.person_id) == MY_PERSON
    )
    asked = col(ContactRequest.mentee_id).in_(mine)
    if role is not Role.mentor:
        return asked
    put = and_(
        col(ContactRequest.mentor_id) == MY_MENTOR,
        col(ContactRequest.status).in_(
            (ContactStatus.offered, ContactStatus.accepted, ContactStatus.under_way)
        ),
    )
    return or_(asked, put)


def _nobody(_: Role) -> ColumnElement[bool]:
    return false()


def _events(role: Role) -> ColumnElement[bool]:
    """Those who plan, and who bring people to it; no prisoner, and governors read counts."""
    outside = role is Role.governor or role.family is Role.mentor
    return false() if outside else true()


def _people(role: Role) -> ColumnElement[bool]:
    """Staff see everyone, mentors themselves and those they support. A number that turned out to
    be another's is found there, and is no person by itself."""
    themselves = col(Person.merged_into).is_(None)
    if role.family is not Role.mentor:
        return themselves
    supported = select(col(Mentee.person_id)).where(
        col(Mentee.prison_id) == HERE, col(Mentee.id).in_(my_mentees())
    )
    return and_(themselves, or_(col(Person.id) == MY_PERSON, col(Person.id).in_(supported)))


def _places(role: Role) -> ColumnElement[bool]:
    """Staff see every place, prisoners their own."""
    return col(WingPlace.person_id) == MY_PERSON if role.family is Role.mentor else true()


def _visits(role: Role) -> ColumnElement[bool]:
    """Staff see where the scheme went, and with whom."""
    return false() if role.family is Role.mentor else true()


def _efforts(role: Role) -> ColumnElement[bool]:
    """Mentors see their own, support workers and clinicians all. Governors get hours put
    together."""
    if role.family is Role.mentor:
        return col(Effort.mentor_id) == MY_MENTOR
    return false() if role is Role.governor else true()


def _shifts(role: Role) -> ColumnElement[bool]:
    """Staff see every shift; mentors their own that were given out, and those of others that may
    be taken over."""
    if role is not Role.mentor:
        return false() if role.family is Role.mentor else true()
    given_out = and_(col(Shift.status) != ShiftStatus.draft, col(Shift.superseded_at).is_(None))
    offered = and_(col(Shift.status) == ShiftStatus.swap_requested, col(Shift.starts_at) > NOW)
    return and_(given_out, or_(col(Shift.mentor_id) == MY_MENTOR, offered))


def _feeds(role: Role) -> ColumnElement[bool]:
    """Staff see their own; governors, who may end them, all."""
    if role.family is Role.mentor:
        return false()
    return true() if role is Role.governor else col(CalendarFeed.staff_id) == MY_STAFF


PROGRAMME: dict[type[SQLModel], Narrowing] = {
    Campaign: _campaigns,
    CalendarFeed: _feeds,
    Statement: _statements,
    CharacterReference: _staff,
    Interview: _staff,
    Adoption: _staff,
    Supervision: _of_my_mentor(Supervision.mentor_id),
    JointReview: _the_scheme,
    OutcomeCohort: _the_scheme,
    Publication: _the_scheme,
    OutcomeCohortMember: _nobody,  # who is counted, none is told
    IncidentCount: _the_scheme,
    SurveyRound: _the_scheme,
    SurveyCode: _nobody,  # whoever could read one could ask whether it was used
    SurveyTally: _nobody,  # counted once the round is closed, and only of enough people
    CheckIn: _of_my_mentor(CheckIn.mentor_id),
    Placement: _all_for_staff(
        and_(
            or_(col(Placement.mentor_id) == MY_MENTOR, col(Placement.host_id) == MY_MENTOR),
            col(Placement.status) == PlacementStatus.live,
        )
    ),
    Assessment: _all_for_staff(
        and_(col(Assessment.mentor_id) == MY_MENTOR, col(Assessment.assessor_id).is_not(None))
    ),
    SiteModule: _everyone,
    Cohort: _all_for_staff(col(Cohort.id).in_(_my_cohorts())),
    CohortDay: _all_for_staff(col(CohortDay.cohort_id).in_(_my_cohorts())),
    CohortMember: _all_for_staff(
        and_(col(CohortMember.mentor_id) == MY_MENTOR, col(CohortMember.left_at).is_(None))
    ),
    Attendance: _all_for_staff(col(Attendance.mentor_id) == MY_MENTOR),
    Clearance: _clearances,
    Profile: _care_and(col(Profile.person_id) == MY_PERSON),
    Acquaintance: _care_and(
        and_(
            col(Acquaintance.person_id) == MY_PERSON,
            col(Acquaintance.declared_by) == DeclaredBy.own_word,
        )
    ),
    PrisonEvent: _events,
    ContactRequest: _contact,
    ContactOffer: _care_and(false()),
    NonAssociation: _nobody,  # whoever could read one could list a man's enemies
    Availability: _of_my_mentor(Availability.mentor_id),
    RotaDemand: _the_scheme,
    Rota: _the_scheme,
    RotaSolve: _the_scheme,
    Shift: _shifts,
    MatchProposal: _care_and(false()),
    MatchProposalPair: _care_and(false()),
    Series: _care_and(col(Series.id).in_(_my_series())),
    SeriesPlan: _care_and(col(SeriesPlan.series_id).in_(_my_series())),
    Occurrence: _care_and(col(Occurrence.series_id).in_(_my_series())),
    Enrolment: _care_and(false()),
    **SUPPORT,
    Person: _people,
    WingPlace: _places,
    OutreachVisit: _visits,
    OutreachPart: _visits,
    Effort: _efforts,
}
