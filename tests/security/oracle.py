"""The matrix's rows in plain Python: slow, obvious, and written without a look at the SQL.

One function a table: may this actor see this row of this world? Each says in loops what
`app/scope.py` says in a query; `test_visible_oracle.py` holds the one against the other.
"""

from collections.abc import Callable
from typing import Any

from sqlmodel import SQLModel

from app.access import Actor
from app.models.acct_pointers import AcctPointer
from app.models.acquaintances import Acquaintance
from app.models.addresses import Address
from app.models.adoptions import Adoption
from app.models.assessments import Assessment
from app.models.audit import AuditAct, AuditEntry
from app.models.availabilities import Availability
from app.models.break_glass import BreakGlass
from app.models.calendar_feeds import CalendarFeed
from app.models.campaigns import Campaign
from app.models.caseloads import Caseload
from app.models.character_references import CharacterReference
from app.models.check_ins import CheckIn
from app.models.clearances import Clearance
from app.models.clients import Client
from app.models.clinical_notes import ClinicalNote
from app.models.cohorts import Attendance, Cohort, CohortDay, CohortMember
from app.models.complaints import Complaint
from app.models.concerns import Action, Addendum, Concern
from app.models.contact_requests import ContactOffer, ContactRequest
from app.models.deaths import Death
from app.models.deliveries import Delivery
from app.models.demand import TurnedAway
from app.models.duties import Duty, DutyOverride
from app.models.duty_patterns import DutyPattern
from app.models.efforts import Effort
from app.models.enrolments import Enrolment
from app.models.escalation_policies import EscalationPolicy
from app.models.explanations import Explanation
from app.models.export_jobs import ExportJob
from app.models.former_values import FormerValue
from app.models.goals import Goal
from app.models.handovers import Handover, HandoverItem
from app.models.incident_counts import IncidentCount
from app.models.interviews import Interview
from app.models.joint_reviews import JointReview
from app.models.legal_holds import LegalHold
from app.models.life_events import LifeEvent
from app.models.lockdowns import Lockdown, LockdownSession, WelfareCheck
from app.models.match_proposals import MatchProposal, MatchProposalPair
from app.models.mentees import MENTEE_ENDED, Mentee
from app.models.mentors import Mentor, Observation
from app.models.modules import SiteModule
from app.models.moves import History
from app.models.non_associations import NonAssociation
from app.models.notifications import Notification
from app.models.outcome_cohorts import OutcomeCohort, OutcomeCohortMember
from app.models.outreach_visits import OutreachPart, OutreachVisit
from app.models.page_tests import PageTest
from app.models.pairings import Pairing
from app.models.people import Person
from app.models.permissions import SharingPermission
from app.models.placements import Placement
from app.models.prison_events import PrisonEvent
from app.models.profiles import Profile
from app.models.publications import Publication
from app.models.questionnaires import Questionnaire
from app.models.regime_exceptions import RegimeException
from app.models.regimes import Regime
from app.models.releases import Release
from app.models.revocations import Revocation
from app.models.room_closures import RoomClosure
from app.models.rooms import Room
from app.models.rota_demands import RotaDemand
from app.models.rotas import Rota, RotaSolve
from app.models.safety_plans import SafetyItem, SafetyPlan
from app.models.series import Occurrence, Series, SeriesPlan
from app.models.sessions import Participation, Session
from app.models.shifts import Shift
from app.models.software import Outage
from app.models.staff import Role, Staff
from app.models.statements import Statement
from app.models.streams import StreamTicket
from app.models.supervisions import Supervision
from app.models.survey_rounds import SurveyCode, SurveyRound, SurveyTally
from app.models.tasks import Task
from app.models.texts import TextVersion
from app.models.trainings import Training
from app.models.webhooks import Webhook, WebhookDelivery
from app.models.wing_places import WingPlace
from app.models.wings import Wing
from tests.security.worlds import World

# Told in a chronology, with what they belong to, or to nobody at all.
NOBODY = {
    FormerValue, Outage, NonAssociation, HandoverItem, StreamTicket, OutcomeCohortMember,
    SurveyCode, SurveyTally,
}  # fmt: skip
Sees = Callable[[World, Actor, Any], bool]
ORACLE: dict[type[SQLModel], Sees] = {}
PRISONERS = {Role.mentor, Role.suspended_mentor, Role.applicant}
CLINICIANS = {Role.clinician, Role.nurse, Role.mental_health_lead}


def sees(*models: type[SQLModel]) -> Callable[[Sees], Sees]:
    """Registers the oracle of some tables."""

    def keep(function: Sees) -> Sees:
        for model in models:
            ORACLE[model] = function
        return function

    return keep


def answer(world: World, actor: Actor, model: type[SQLModel]) -> set[Any]:
    """The ids of every row of `model` that the actor may see."""
    if actor.role is Role.machine and model not in {Concern, ExportJob}:
        return set()
    rows = world.rows(str(model.__tablename__))
    return {row.id for row in rows if ORACLE[model](world, actor, row)}


# Ties -------------------------------------------------------------------------------------------


def by_id(world: World, table: str, row_id: Any) -> Any:
    for row in world.rows(table):
        if row.id == row_id:
            return row
    return None


def is_prisoner(actor: Actor) -> bool:
    return actor.role in PRISONERS


def has_left(world: World, person_id: Any) -> bool:
    return bool(by_id(world, "person", person_id).presence == "left")


def my_mentee(world: World, actor: Actor, mentee: Any) -> bool:
    """A live pairing, and the man still here."""
    for pairing in world.rows("pairing"):
        both = pairing.mentor_id == actor.mentor_id and pairing.mentee_id == mentee.id
        if both and pairing.status == "live":
            return not has_left(world, mentee.person_id)
    return False


def in_support(world: World, person_id: Any) -> bool:
    for mentee in world.rows("mentee"):
        if mentee.person_id == person_id and mentee.status not in {*MENTEE_ENDED}:
            return not has_left(world, person_id)
    return False


def my_patient(world: World, actor: Actor, person_id: Any) -> bool:
    for case in world.rows("caseload"):
        mine = case.staff_id == actor.staff_id and case.person_id == person_id
        if mine and case.ended_at is None:
            return not has_left(world, person_id)
    return False


def glass_broken(world: World, actor: Actor, person_id: Any) -> bool:
    for glass in world.rows("break_glass"):
        if glass.staff_id != actor.staff_id or glass.person_id != person_id:
            continue
        if glass.ended_at is None and glass.begins_at <= world.now < glass.expires_at:
            return True
    return False


def permits(world: World, person_id: Any, recipient: str, purpose: str) -> bool:
    """Taken back, and not given again, it is no."""
    said = set()
    for each in world.rows("sharing_permission"):
        if (each.person_id, each.recipient, each.purpose) == (person_id, recipient, purpose):
            said.add(each.status)
    return said != {"revoked"}


def paged_about(world: World, actor: Actor, column: str, thing_id: Any) -> bool:
    for page in world.rows("notification"):
        if page.staff_id == actor.staff_id and getattr(page, column) == thing_id:
            return True
    return False


def hidden_from(actor: Actor, concern: Any) -> bool:
    """A concern about oneself, or about a mentor whom one answers for."""
    if actor.staff_id is None:
        return False
    return actor.staff_id in {concern.about_staff_id, concern.about_line_id}


def accused_in(actor: Actor, complaint: Any) -> bool:
    """A complaint about oneself, or about a mentor whom one answers for, or did."""
    if actor.staff_id is None:
        return False
    return actor.staff_id in {complaint.about_staff_id, *complaint.about_line_ids}


# The house --------------------------------------------------------------------------------------


@sees(Wing, Room, RoomClosure, Regime, RegimeException, History, SiteModule)
def everyone(world: World, actor: Actor, row: Any) -> bool:
    return True


@sees(FormerValue, Outage, NonAssociation, StreamTicket)
def nobody(world: World, actor: Actor, row: Any) -> bool:
    return False


@sees(Release)
def governors_and_the_lead(world: World, actor: Actor, row: Any) -> bool:
    return actor.role in {Role.governor, Role.mental_health_lead}


@sees(ExportJob)
def export_jobs(world: World, actor: Actor, row: Any) -> bool:
    """Nobody's but the client's that asked."""
    return actor.role is Role.machine and row.subject == actor.subject


@sees(CalendarFeed, Address)
def feeds(world: World, actor: Actor, row: Any) -> bool:
    """Their own; to a governor everybody's."""
    if is_prisoner(actor):
        return False
    return actor.role is Role.governor or row.staff_id == actor.staff_id


@sees(LegalHold)
def holds(world: World, actor: Actor, row: Any) -> bool:
    if governors_and_the_lead(world, actor, row):
        return True
    works_here = actor.role is Role.support_worker or actor.role in CLINICIANS
    return works_here and row.status != "lifted"


@sees(
    Death,
    Duty,
    DutyOverride,
    DutyPattern,
    Staff,
    Action,
    Addendum,
    AcctPointer,
    SharingPermission,
    Explanation,
)
def staff_alone(world: World, actor: Actor, row: Any) -> bool:
    return not is_prisoner(actor)


@sees(Client)
def clients(world: World, actor: Actor, row: Any) -> bool:
    return actor.role in {Role.governor, Role.mental_health_lead}


@sees(Revocation)
def revocations(world: World, actor: Actor, row: Any) -> bool:
    return actor.role is Role.governor and row.subject != actor.subject


@sees(AuditEntry)
def audit(world: World, actor: Actor, row: Any) -> bool:
    if is_prisoner(actor):
        return False
    own = row.subject == actor.subject
    if own and row.act is AuditAct.refused:
        return True
    for concern in world.rows("concern"):
        if not hidden_from(actor, concern):
            continue
        if concern.id in row.ids:
            return False
        for page in world.rows("notification"):
            if page.concern_id == concern.id and page.id in row.ids:
                return False
        for task in world.rows("task"):
            if task.thing_id == concern.id and task.id in row.ids:
                return False
    for complaint in world.rows("complaint"):
        if not accused_in(actor, complaint):
            continue
        came_of_it = {complaint.id}
        for task in world.rows("task"):
            if task.thing_id == complaint.id:
                came_of_it.add(task.id)
        for page in world.rows("notification"):
            if page.task_id in came_of_it:
                came_of_it.add(page.id)
        if came_of_it & {*row.ids}:
            return False
    for glass in world.rows("break_glass"):
        broken_by_me = actor.role is Role.governor and glass.staff_id == actor.staff_id
        if broken_by_me and glass.id in row.ids:
            return False
    if actor.role is Role.governor:
        of_answers = {t.id for t in world.rows("task") if t.thing_noun == "questionnaires"}
        return not of_answers & {*row.ids}
    return own


# People, mentors, mentees -----------------------------------------------------------------------


@sees(Person)
def people(world: World, actor: Actor, row: Any) -> bool:
    """A number that turned out to be another's is nobody by itself."""
    if row.merged_into is not None:
        return False
    if not is_prisoner(actor) or row.id == actor.person_id:
        return True
    for mentee in world.rows("mentee"):
        if mentee.person_id == row.id and my_mentee(world, actor, mentee):
            return True
    return False


@sees(Mentor)
def mentors(world: World, actor: Actor, row: Any) -> bool:
    return not is_prisoner(actor) or row.person_id == actor.person_id


@sees(Observation, Training)
def evidence(world: World, actor: Actor, row: Any) -> bool:
    return not is_prisoner(actor) or row.mentor_id == actor.mentor_id


@sees(Statement)
def statements(world: World, actor: Actor, row: Any) -> bool:
    """Every prisoner their own words, of every application they ever made."""
    if not is_prisoner(actor):
        return True
    return bool(by_id(world, "mentor", row.mentor_id).person_id == actor.person_id)


@sees(CharacterReference, Interview, Adoption)
def of_an_application(world: World, actor: Actor, row: Any) -> bool:
    return not is_prisoner(actor)


@sees(Campaign)
def campaigns(world: World, actor: Actor, row: Any) -> bool:
    return not is_prisoner(actor) or row.status == "open"


@sees(Availability)
def availabilities(world: World, actor: Actor, row: Any) -> bool:
    """Whoever runs the scheme; a mentor what they said themselves."""
    if is_prisoner(actor):
        return actor.role is Role.mentor and row.mentor_id == actor.mentor_id
    return actor.role is not Role.wing_duty


@sees(Handover)
def handovers(world: World, actor: Actor, row: Any) -> bool:
    """The two of it, and clinicians those of their post."""
    if is_prisoner(actor):
        return False
    mine = actor.staff_id is not None and actor.staff_id in {row.from_staff_id, row.to_staff_id}
    return mine or (actor.family is Role.clinician and row.post == "clinician")


@sees(HandoverItem)
def handover_items(world: World, actor: Actor, row: Any) -> bool:
    return False


@sees(EscalationPolicy)
def escalation_policies(world: World, actor: Actor, row: Any) -> bool:
    """Everyone who may be paged: all staff."""
    return not is_prisoner(actor)


@sees(RotaDemand, Rota, RotaSolve)
def rotas(world: World, actor: Actor, row: Any) -> bool:
    """Whoever runs the scheme."""
    return not is_prisoner(actor) and actor.role is not Role.wing_duty


@sees(Shift)
def shifts(world: World, actor: Actor, row: Any) -> bool:
    """All staff; a mentor what is theirs and was given out, and what is offered for later."""
    if not is_prisoner(actor):
        return True
    if actor.role is not Role.mentor or row.status == "draft" or row.superseded_at is not None:
        return False
    mine = row.mentor_id is not None and row.mentor_id == actor.mentor_id
    return mine or (row.status == "swap_requested" and row.starts_at > world.now)


@sees(ContactRequest)
def contact_requests(world: World, actor: Actor, row: Any) -> bool:
    """All who care for people; a prisoner what they asked for, a mentor what is theirs to do."""
    if actor.family is Role.governor:
        return False
    if not is_prisoner(actor):
        return True
    [mentee] = [each for each in world.rows("mentee") if each.id == row.mentee_id]
    put = row.status in {"offered", "accepted", "under_way"} and row.mentor_id == actor.mentor_id
    asked = actor.person_id is not None and mentee.person_id == actor.person_id
    return asked or (put and actor.role is Role.mentor and actor.mentor_id is not None)


@sees(ContactOffer)
def contact_offers(world: World, actor: Actor, row: Any) -> bool:
    return actor.role is Role.support_worker or actor.family is Role.clinician


@sees(Placement)
def placements(world: World, actor: Actor, row: Any) -> bool:
    """Mentors: the two it is between, as long as it lasts."""
    if not is_prisoner(actor):
        return True
    mine = actor.mentor_id is not None and actor.mentor_id in {row.mentor_id, row.host_id}
    return mine and row.status == "live"


@sees(Assessment)
def assessments(world: World, actor: Actor, row: Any) -> bool:
    """Mentors: what staff thought of them; what their host thought is for staff."""
    if not is_prisoner(actor):
        return True
    return row.mentor_id == actor.mentor_id and row.host_id is None


def in_cohort(world: World, actor: Actor, cohort_id: Any) -> bool:
    for member in world.rows("cohort_member"):
        mine = member.cohort_id == cohort_id and member.mentor_id == actor.mentor_id
        if mine and member.left_at is None:
            return True
    return False


@sees(Cohort)
def cohorts(world: World, actor: Actor, row: Any) -> bool:
    return not is_prisoner(actor) or in_cohort(world, actor, row.id)


@sees(CohortDay)
def cohort_days(world: World, actor: Actor, row: Any) -> bool:
    return not is_prisoner(actor) or in_cohort(world, actor, row.cohort_id)


@sees(CohortMember)
def cohort_members(world: World, actor: Actor, row: Any) -> bool:
    if not is_prisoner(actor):
        return True
    return row.mentor_id == actor.mentor_id and row.left_at is None


@sees(Attendance)
def attendance(world: World, actor: Actor, row: Any) -> bool:
    return not is_prisoner(actor) or row.mentor_id == actor.mentor_id


def leads(world: World, actor: Actor, series_id: Any) -> bool:
    """Of the series' plans only the one that stands says who leads it."""
    now = [
        each
        for each in world.rows("series_plan")
        if each.series_id == series_id and each.superseded_at is None
    ]
    return any(each.mentor_id == actor.mentor_id for each in now)


@sees(Series)
def series(world: World, actor: Actor, row: Any) -> bool:
    if is_prisoner(actor):
        return leads(world, actor, row.id)
    return actor.role is Role.support_worker or actor.family is Role.clinician


@sees(SeriesPlan)
def series_plans(world: World, actor: Actor, row: Any) -> bool:
    if is_prisoner(actor):
        return leads(world, actor, row.series_id)
    return actor.role is Role.support_worker or actor.family is Role.clinician


@sees(Occurrence)
def occurrences(world: World, actor: Actor, row: Any) -> bool:
    if is_prisoner(actor):
        return leads(world, actor, row.series_id)
    return actor.role is Role.support_worker or actor.family is Role.clinician


@sees(Enrolment)
def enrolments(world: World, actor: Actor, row: Any) -> bool:
    return actor.role is Role.support_worker or actor.family is Role.clinician


@sees(Clearance)
def clearances(world: World, actor: Actor, row: Any) -> bool:
    return actor.role in {Role.support_worker, Role.governor}


@sees(Mentee)
def mentees(world: World, actor: Actor, row: Any) -> bool:
    return not is_prisoner(actor) or my_mentee(world, actor, row)


@sees(Pairing)
def pairings(world: World, actor: Actor, row: Any) -> bool:
    if not is_prisoner(actor):
        return True
    mentee = by_id(world, "mentee", row.mentee_id)
    live = row.mentor_id == actor.mentor_id and row.status == "live"
    return live and not has_left(world, mentee.person_id)


@sees(Supervision, CheckIn)
def looked_after(world: World, actor: Actor, row: Any) -> bool:
    """A mentor's own; of everybody's those who run the scheme, and no officer of the wing."""
    if actor.role is Role.mentor:
        return bool(row.mentor_id == actor.mentor_id)
    return joint_reviews(world, actor, row)


@sees(JointReview)
def joint_reviews(world: World, actor: Actor, row: Any) -> bool:
    return actor.role in {Role.support_worker, Role.governor, *CLINICIANS}


# Matching ---------------------------------------------------------------------------------------


def matches(actor: Actor) -> bool:
    """Those who bring people together."""
    return actor.role is Role.support_worker or actor.role in CLINICIANS


@sees(Profile)
def profiles(world: World, actor: Actor, row: Any) -> bool:
    return matches(actor) or (is_prisoner(actor) and row.person_id == actor.person_id)


@sees(Acquaintance)
def acquaintances(world: World, actor: Actor, row: Any) -> bool:
    if is_prisoner(actor):
        return row.person_id == actor.person_id and row.declared_by == "own_word"
    return matches(actor)


@sees(PrisonEvent)
def prison_events(world: World, actor: Actor, row: Any) -> bool:
    return matches(actor) or actor.role is Role.wing_duty


@sees(MatchProposal, MatchProposalPair)
def proposals(world: World, actor: Actor, row: Any) -> bool:
    return matches(actor)


# The day -----------------------------------------------------------------------------------------


@sees(Lockdown, LockdownSession)
def lockdowns(world: World, actor: Actor, row: Any) -> bool:
    return not is_prisoner(actor)


@sees(WelfareCheck)
def welfare_checks(world: World, actor: Actor, row: Any) -> bool:
    if actor.role not in {Role.support_worker, Role.wing_duty}:
        return False
    known = [by_id(world, "concern", each) for each in row.concern_ids]
    seen = any(ORACLE[Concern](world, actor, each) for each in known)
    return row.open_acct or row.first_session or seen


# Sessions ---------------------------------------------------------------------------------------


@sees(Session)
def sessions(world: World, actor: Actor, row: Any) -> bool:
    return not is_prisoner(actor) or row.mentor_id == actor.mentor_id


@sees(Participation)
def participations(world: World, actor: Actor, row: Any) -> bool:
    if not is_prisoner(actor):
        return True
    session = by_id(world, "session", row.session_id)
    mentee = by_id(world, "mentee", row.mentee_id)
    if session.mentor_id != actor.mentor_id or has_left(world, mentee.person_id):
        return False
    if my_mentee(world, actor, mentee):
        return True
    if session.status in {"locked", "cancelled"}:
        return False
    for pairing in world.rows("pairing"):
        both = pairing.mentor_id == actor.mentor_id and pairing.mentee_id == mentee.id
        if not both or pairing.status == "live":
            continue
        if pairing.ended_at is None or pairing.ended_at >= row.recorded_at:
            return False
    return True


# Concerns, pages, tasks -------------------------------------------------------------------------


def late(concern: Any, done: Any, by: Any, world: World) -> bool:
    return bool((done or concern.closed_at or world.now) > by)


@sees(Concern)
def concerns(world: World, actor: Actor, row: Any) -> bool:
    about_staff = row.about_staff_id is not None or row.about_staff_as_told is not None
    if actor.role is Role.machine:
        touchy = row.kind in {"security_matter", "coercion_of_mentor"}
        return not (about_staff or row.about_mentor or touchy)
    if is_prisoner(actor):
        return bool(row.raised_by_person_id == actor.person_id)
    if hidden_from(actor, row):
        return False
    for_governors = about_staff or row.kind == "security_matter"
    if actor.role in {Role.support_worker, Role.wing_duty}:
        return not for_governors
    if actor.role in CLINICIANS:
        if row.kind in {"safeguarding", "coercion_of_mentor"}:
            return True
        opened = glass_broken(world, actor, row.subject_person_id)
        return not for_governors and (not row.about_mentor or opened)
    if row.immediacy == "now" or row.about_mentor or for_governors:
        return True
    if (
        late(row, row.acknowledged_at, row.acknowledge_by, world)
        or late(row, row.seen_at, row.seen_by, world)
        or late(row, row.decided_at, row.decide_by, world)
    ):
        return True
    return paged_about(world, actor, "concern_id", row.id)


@sees(Notification)
def pages(world: World, actor: Actor, row: Any) -> bool:
    if actor.staff_id is None or row.staff_id != actor.staff_id:
        return False
    concern = by_id(world, "concern", row.concern_id)
    if concern is not None and hidden_from(actor, concern):
        return False
    task = by_id(world, "task", row.task_id)
    complaint = by_id(world, "complaint", task.thing_id) if task else None
    return complaint is None or not accused_in(actor, complaint)


@sees(PageTest, Webhook, WebhookDelivery)
def of_governors(world: World, actor: Actor, row: Any) -> bool:
    return actor.role is Role.governor


@sees(Delivery)
def deliveries(world: World, actor: Actor, row: Any) -> bool:
    page = by_id(world, "notification", row.notification_id)
    return page is not None and pages(world, actor, page)


@sees(Task)
def tasks(world: World, actor: Actor, row: Any) -> bool:
    if is_prisoner(actor):
        return False
    if row.thing_noun == "concerns":
        concern = by_id(world, "concern", row.thing_id)
        overseen = actor.role is Role.governor and not hidden_from(actor, concern)
        if not overseen and not concerns(world, actor, concern):
            return False
    complaint = by_id(world, "complaint", row.thing_id)
    if complaint is not None and not complaints(world, actor, complaint):
        return False
    if row.thing_noun == "questionnaires" and actor.role not in CLINICIANS:
        return False
    if row.thing_noun == "break_glass":
        glass = by_id(world, "break_glass", row.thing_id)
        if glass is None or glass.staff_id == actor.staff_id:
            return False
    if actor.role is Role.governor:
        return True
    theirs = {
        Role.support_worker: {"support_worker", "wing_duty"},
        Role.wing_duty: {"wing_duty"},
        Role.mental_health_lead: {"clinician", "nurse", "mental_health_lead"},
    }.get(actor.role, {"clinician", "nurse"})
    if row.for_role in theirs or row.for_staff_id == actor.staff_id:
        return True
    return paged_about(world, actor, "task_id", row.id)


# Goals, complaints, demand ----------------------------------------------------------------------


@sees(OutcomeCohort)
def outcome_cohorts(world: World, actor: Actor, row: Any) -> bool:
    return actor.role is Role.support_worker or actor.role in {*CLINICIANS, Role.governor}


@sees(Publication)
def publications(world: World, actor: Actor, row: Any) -> bool:
    return actor.role is Role.support_worker or actor.role in {*CLINICIANS, Role.governor}


@sees(OutcomeCohortMember)
def counted(world: World, actor: Actor, row: Any) -> bool:
    return False


@sees(SurveyRound, IncidentCount)
def asked_and_counted(world: World, actor: Actor, row: Any) -> bool:
    return outcome_cohorts(world, actor, row)


@sees(SurveyCode, SurveyTally)
def answers_of_nobody(world: World, actor: Actor, row: Any) -> bool:
    return False


@sees(LifeEvent)
def life_events(world: World, actor: Actor, row: Any) -> bool:
    if actor.role in CLINICIANS:
        return True
    return actor.role is Role.support_worker and row.fact in {"self_report", "staff_recorded"}


@sees(Questionnaire)
def questionnaires(world: World, actor: Actor, row: Any) -> bool:
    if actor.role in CLINICIANS:
        return True
    if actor.role is not Role.support_worker or row.status != "recorded":
        return False
    return bool(row.share_total) and row.total is not None


@sees(Goal)
def goals(world: World, actor: Actor, row: Any) -> bool:
    mentee = by_id(world, "mentee", row.mentee_id)
    if actor.role is Role.support_worker or actor.role in CLINICIANS:
        return True
    if not is_prisoner(actor):
        return False
    if mentee.person_id == actor.person_id:
        return True
    if actor.role is not Role.mentor or not row.share_with_mentor or row.status == "dropped":
        return False
    permitted = permits(world, mentee.person_id, "mentor", "peer_support")
    return permitted and my_mentee(world, actor, mentee)


@sees(Complaint)
def complaints(world: World, actor: Actor, row: Any) -> bool:
    if is_prisoner(actor):
        return bool(row.raised_by_person_id == actor.person_id)
    if actor.role is Role.wing_duty or accused_in(actor, row):
        return False
    if actor.role is Role.governor:
        return True
    about_staff = row.about == "staff" or row.about_staff_id is not None
    nobody_named = row.about == "mentor" and row.about_mentor_id is None
    return not about_staff and not nobody_named


@sees(TurnedAway)
def turned_away(world: World, actor: Actor, row: Any) -> bool:
    return not is_prisoner(actor) and actor.role is not Role.wing_duty


@sees(BreakGlass)
def broken_glass(world: World, actor: Actor, row: Any) -> bool:
    own = row.staff_id == actor.staff_id
    if actor.role is Role.governor:
        return not own
    if actor.role is Role.mental_health_lead:
        return True
    return actor.role in CLINICIANS and own


# The clinical room ------------------------------------------------------------------------------


@sees(Caseload)
def caseloads(world: World, actor: Actor, row: Any) -> bool:
    return actor.role in CLINICIANS


def whole_note(world: World, actor: Actor, note: Any) -> bool:
    return (
        note.author_staff_id == actor.staff_id
        or my_patient(world, actor, note.person_id)
        or glass_broken(world, actor, note.person_id)
    )


@sees(ClinicalNote)
def clinical_notes(world: World, actor: Actor, row: Any) -> bool:
    if actor.role not in CLINICIANS:
        return False
    if whole_note(world, actor, row):
        return True
    return row.disclosure != "restricted" and in_support(world, row.person_id)


def plan_within_reach(world: World, actor: Actor, plan: Any) -> bool:
    person_id = plan.person_id
    if actor.role in CLINICIANS:
        return (
            in_support(world, person_id)
            or my_patient(world, actor, person_id)
            or glass_broken(world, actor, person_id)
        )
    if plan.ended_at is not None or has_left(world, person_id):
        return False
    if actor.role is Role.support_worker:
        return permits(world, person_id, "support_workers", "safety_plan")
    if actor.role is not Role.mentor or person_id == actor.person_id:
        return False
    if not permits(world, person_id, "mentor", "safety_plan"):
        return False
    if not permits(world, person_id, "mentor", "peer_support"):
        return False
    for mentee in world.rows("mentee"):
        if mentee.person_id == person_id and my_mentee(world, actor, mentee):
            return True
    return False


@sees(SafetyItem)
def safety_items(world: World, actor: Actor, row: Any) -> bool:
    plan = by_id(world, "safety_plan", row.plan_id)
    if row.removed_at is not None or not plan_within_reach(world, actor, plan):
        return False
    if actor.role in CLINICIANS:
        return True
    ticked = row.shared_with_mentor if actor.role is Role.mentor else row.shared_with_staff
    return bool(ticked)


@sees(SafetyPlan)
def safety_plans(world: World, actor: Actor, row: Any) -> bool:
    if actor.role in CLINICIANS:
        return plan_within_reach(world, actor, row)
    for item in world.rows("safety_item"):
        if item.plan_id == row.id and safety_items(world, actor, item):
            return True
    return False


@sees(TextVersion)
def text_versions(world: World, actor: Actor, row: Any) -> bool:
    """Versions go with their thing; a restricted version of a note to whoever reads it whole."""
    of_applications = {"statement", "character_reference", "interview"}
    of_the_programme = {"supervision", "joint_review", "goal"}
    ordinary = row.noun in {"session", "mentee"} | of_applications | of_the_programme
    if actor.role is Role.support_worker:
        return ordinary
    if actor.role not in CLINICIANS:
        return False
    if row.noun == "safety_item":
        item = by_id(world, "safety_item", row.thing_id)
        return plan_within_reach(world, actor, by_id(world, "safety_plan", item.plan_id))
    if row.noun != "clinical_note":
        return ordinary
    note = by_id(world, "clinical_note", row.thing_id)
    if whole_note(world, actor, note):
        return True
    if row.disclosure == "restricted" and row.author_subject != actor.subject:
        return False
    return clinical_notes(world, actor, note)


# The programme --------------------------------------------------------------------------------


@sees(WingPlace)
def wing_places(world: World, actor: Actor, row: Any) -> bool:
    return row.person_id == actor.person_id if is_prisoner(actor) else True


@sees(OutreachVisit, OutreachPart)
def outreach(world: World, actor: Actor, row: Any) -> bool:
    return not is_prisoner(actor)


@sees(Effort)
def efforts(world: World, actor: Actor, row: Any) -> bool:
    """One's own; those who run the scheme all. A governor gets sums."""
    if is_prisoner(actor):
        return row.mentor_id is not None and row.mentor_id == actor.mentor_id
    return actor.role is not Role.governor
