"""What is held about a person: for every table, which of its rows are theirs.

The audit's search, the legal hold, the chronology, subject access and retention all ask here, so
that a table added is missed by none of them. A test holds the list against the tables.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    cast,
    func,
    or_,
    select,
    union_all,
)
from sqlmodel import SQLModel, col

from app.models.acct_pointers import AcctPointer
from app.models.acquaintances import Acquaintance
from app.models.assessments import Assessment
from app.models.availabilities import Availability
from app.models.break_glass import BreakGlass
from app.models.caseloads import Caseload
from app.models.character_references import CharacterReference
from app.models.check_ins import CheckIn
from app.models.clearances import Clearance
from app.models.clinical_notes import ClinicalNote
from app.models.cohorts import Attendance, CohortMember
from app.models.complaints import Complaint
from app.models.concerns import Action, Addendum, Concern
from app.models.contact_requests import ContactOffer, ContactRequest
from app.models.deaths import Death
from app.models.deliveries import Delivery
from app.models.efforts import Effort
from app.models.enrolments import Enrolment
from app.models.explanations import Explanation
from app.models.former_values import FormerValue
from app.models.goals import Goal
from app.models.handovers import HandoverItem
from app.models.interviews import Interview
from app.models.legal_holds import LegalHold
from app.models.lockdowns import LockdownSession, WelfareCheck
from app.models.match_proposals import MatchProposalPair
from app.models.mentees import Mentee
from app.models.mentors import Mentor, Observation
from app.models.moves import History
from app.models.non_associations import NonAssociation
from app.models.notifications import Notification
from app.models.outcome_cohorts import OutcomeCohortMember
from app.models.outreach_visits import OutreachPart
from app.models.pairings import Pairing
from app.models.people import Person
from app.models.permissions import SharingPermission
from app.models.placements import Placement
from app.models.prison_events import PrisonEvent
from app.models.prisons import PersonIdentity
from app.models.profiles import Profile
from app.models.questionnaires import Questionnaire
from app.models.releases import Release
from app.models.retention import Expiry
from app.models.safety_plans import SafetyItem, SafetyPlan
from app.models.series import SeriesPlan
from app.models.sessions import Participation, Session
from app.models.shifts import Shift
from app.models.statements import Statement
from app.models.supervisions import Supervision
from app.models.tasks import Task
from app.models.texts import TextVersion
from app.models.trainings import Training
from app.models.wing_places import WingPlace

# Tables whose rows name the person they are about.
_OF_A_PERSON: tuple[Any, ...] = (
    Mentor,
    Mentee,
    Caseload,
    ClinicalNote,
    SafetyPlan,
    AcctPointer,
    SharingPermission,
    Explanation,
    Task,
    BreakGlass,
    Death,
    LegalHold,
    Release,
    Expiry,
    Profile,
    PrisonEvent,
    WingPlace,
)
# Tables that tell of rows of the others, by their `thing_id`.
TOLD_OF_OTHERS: tuple[Any, ...] = (History, TextVersion, FormerValue)

# Tables whose rows are about nobody in prison, each with its reason.
NOBODYS = {
    "wing": "walls",
    "room": "walls",
    "regime": "the prison's day",
    "regime_exception": "the prison's day",
    "room_closure": "walls",
    "lockdown": "the prison's day",
    "staff": "who works here",
    "duty": "who works here",
    "duty_override": "who works here",
    "duty_pattern": "who works here",
    "handover": "what one shift tells the next; what is of a person stands in their own records",
    "escalation_policy": "who is paged, in which order; of no concern",
    "address": "where those who work here are reached",
    "calendar_feed": "who works here",
    "outreach_visit": "where the scheme went, and how many it reached: of nobody by name",
    "outbox": "ids only, of rows that are listed here",
    "stream_ticket": "who looked on for how long, deleted after a week",
    "idempotency_key": "answers given once, deleted after a day",
    "client": "machines",
    "export_job": "machines, and how much they took; whom, is in the audit",
    "page_test": "whether a last resort is reached; of no concern",
    "webhook": "machines",
    "webhook_delivery": "ids of events, of rows that are listed here",
    "outage": "the machine",
    "audit_entry": "found by the ids of the rows listed here",
    "audit_link": "digests",
    "campaign": "a call to everybody",
    "outcome_cohort": "whom figures are counted of, in general",
    "adoption": "who answers for the scheme",
    "joint_review": "how the scheme did in a month; whom it looked at stands in their own records",
    "module": "what is taught",
    "cohort": "a course",
    "cohort_day": "a day of a course",
    "rota_demand": "how many are needed",
    "rota": "a period; whose shifts are in it stands in them",
    "rota_solve": "a reckoning, in counts",
    "match_proposal": "a reckoning over the waiting list; what it says of anyone is in its pairs",
    "series": "what is offered, and how often; who leads it and who comes stands in their own rows",
    "occurrence": "a day of a series; who came stands in the session",
    "turned_away": "counts, and nothing of whom",
}


def theirs(
    prison_id: Any, person_id: Any, *, ever: bool = False
) -> dict[type[SQLModel], ColumnElement[bool]]:
    """For every table with rows about people, the condition that a row is about this person.

    Both may be values or bind parameters. `ever` (values only): also what was theirs once, a
    concern that turned out to be about somebody else, a session that another mentor took over.
    """

    def ids(model: Any, *conditions: ColumnElement[bool], of: str = "id") -> Select[Any]:
        return select(getattr(model, of)).where(model.prison_id == prison_id, *conditions)

    def once(column: str, values: Any) -> ColumnElement[bool]:
        return col(FormerValue.former).op("->>")(column).in_(values)

    # Two numbers may have turned out to be one person: rows that stand aside are theirs too.
    both = ids(Person, or_(col(Person.id) == person_id, col(Person.merged_into) == person_id))
    mine = {model: model.person_id.in_(both) for model in _OF_A_PERSON}
    mentors = ids(Mentor, mine[Mentor])
    mentees = ids(Mentee, mine[Mentee])
    attended = ids(Participation, col(Participation.mentee_id).in_(mentees), of="session_id")
    led: ColumnElement[bool] = col(Session.mentor_id).in_(mentors)
    concern: ColumnElement[bool] = or_(
        col(Concern.subject_person_id).in_(both), col(Concern.raised_by_person_id).in_(both)
    )
    if ever:
        as_text = select(cast(mentors.subquery().c.id, String))
        handed_on = ids(FormerValue, once("mentor_id", as_text), of="thing_id")
        led = or_(led, col(Session.id).in_(handed_on))
        mistaken = ids(FormerValue, once("subject_person_id", [str(person_id)]), of="thing_id")
        concern = or_(concern, col(Concern.id).in_(mistaken))
    complaint = or_(
        col(Complaint.raised_by_person_id) == person_id, col(Complaint.about_mentor_id).in_(mentors)
    )
    concerns, plans = ids(Concern, concern), ids(SafetyPlan, mine[SafetyPlan])
    tasks, glasses = ids(Task, mine[Task]), ids(BreakGlass, mine[BreakGlass])
    paged = or_(
        col(Notification.concern_id).in_(concerns),
        col(Notification.task_id).in_(tasks),
        col(Notification.break_glass_id).in_(glasses),
    )
    numbers = (
        select(func.unnest(col(PersonIdentity.numbers)))
        .join(Person, col(Person.identity_id) == col(PersonIdentity.id))
        .where(col(Person.prison_id) == prison_id, col(Person.id) == person_id)
    )
    found: dict[type[SQLModel], ColumnElement[bool]] = {
        Person: or_(col(Person.id) == person_id, col(Person.merged_into) == person_id),
        **mine,
        Observation: or_(
            col(Observation.mentor_id).in_(mentors),
            col(Observation.observed_mentor_id).in_(mentors),
        ),
        Clearance: col(Clearance.mentor_id).in_(mentors),
        Training: col(Training.mentor_id).in_(mentors),
        Statement: col(Statement.mentor_id).in_(mentors),
        CharacterReference: col(CharacterReference.mentor_id).in_(mentors),
        Interview: col(Interview.mentor_id).in_(mentors),
        Supervision: col(Supervision.mentor_id).in_(mentors),
        CheckIn: col(CheckIn.mentor_id).in_(mentors),
        Placement: or_(col(Placement.mentor_id).in_(mentors), col(Placement.host_id).in_(mentors)),
        Assessment: or_(
            col(Assessment.mentor_id).in_(mentors), col(Assessment.host_id).in_(mentors)
        ),
        CohortMember: col(CohortMember.mentor_id).in_(mentors),
        Attendance: col(Attendance.mentor_id).in_(mentors),
        Effort: col(Effort.mentor_id).in_(mentors),
        Availability: col(Availability.mentor_id).in_(mentors),
        Shift: col(Shift.mentor_id).in_(mentors),
        OutreachPart: col(OutreachPart.mentor_id).in_(mentors),
        Pairing: or_(col(Pairing.mentor_id).in_(mentors), col(Pairing.mentee_id).in_(mentees)),
        Session: or_(led, col(Session.id).in_(attended)),
        Participation: or_(
            col(Participation.mentee_id).in_(mentees),
            col(Participation.session_id).in_(ids(Session, led)),
        ),
        LockdownSession: col(LockdownSession.session_id).in_(
            ids(Session, or_(led, col(Session.id).in_(attended)))
        ),
        WelfareCheck: col(WelfareCheck.mentee_id).in_(mentees),
        Enrolment: col(Enrolment.mentee_id).in_(mentees),
        ContactRequest: or_(
            col(ContactRequest.mentee_id).in_(mentees),
            col(ContactRequest.id).in_(
                ids(ContactOffer, col(ContactOffer.mentor_id).in_(mentors), of="contact_request_id")
            ),
        ),
        ContactOffer: or_(
            col(ContactOffer.mentor_id).in_(mentors),
            col(ContactOffer.contact_request_id).in_(
                ids(ContactRequest, col(ContactRequest.mentee_id).in_(mentees))
            ),
        ),
        SeriesPlan: col(SeriesPlan.mentor_id).in_(mentors),
        SafetyItem: col(SafetyItem.plan_id).in_(plans),
        Acquaintance: or_(
            col(Acquaintance.person_id) == person_id, col(Acquaintance.other_person_id) == person_id
        ),
        NonAssociation: or_(
            col(NonAssociation.number_low).in_(numbers),
            col(NonAssociation.number_high).in_(numbers),
        ),
        MatchProposalPair: or_(
            col(MatchProposalPair.mentor_id).in_(mentors),
            col(MatchProposalPair.mentee_id).in_(mentees),
        ),
        Concern: concern,
        Complaint: complaint,
        Goal: col(Goal.mentee_id).in_(mentees),
        OutcomeCohortMember: col(OutcomeCohortMember.mentee_id).in_(mentees),
        Questionnaire: col(Questionnaire.mentee_id).in_(mentees),
        Action: col(Action.concern_id).in_(concerns),
        Addendum: col(Addendum.concern_id).in_(concerns),
        HandoverItem: col(HandoverItem.concern_id).in_(concerns),
        Task: or_(mine[Task], col(Task.thing_id).in_(both), col(Task.thing_id).in_(concerns)),
        Notification: paged,
        Delivery: col(Delivery.notification_id).in_(ids(Notification, paged)),
    }
    things = union_all(*(ids(model, condition) for model, condition in found.items()))
    return found | {each: col(each.thing_id).in_(things) for each in TOLD_OF_OTHERS}


def ids_of(prison_id: Any, person_id: Any) -> CompoundSelect[Any]:
    """The ids of every row about this person, as one statement."""
    return union_all(
        *(
            select(model.id).where(model.prison_id == prison_id, condition)  # type: ignore[attr-defined]
            for model, condition in theirs(prison_id, person_id).items()
        )
    )
