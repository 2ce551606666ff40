"""The programme's part of the visibility matrix: the shape in which each role is answered it.
`app/visibility.py` takes it in."""

from collections.abc import Mapping

from app.models.acquaintances import AcquaintanceOwn, AcquaintanceRead
from app.models.adoptions import AdoptionRead, AdoptionState
from app.models.applications import Pathway, QueueItem
from app.models.assessments import AssessmentForMentor, AssessmentRead
from app.models.attendance_figures import AttendanceFigures
from app.models.availabilities import AvailabilityRead
from app.models.base import Output
from app.models.board import BoardForMentor, BoardRead
from app.models.calendar_feeds import CalendarFeedMade, CalendarFeedRead
from app.models.campaigns import CampaignForPrisoner, CampaignRead, CampaignRow
from app.models.character_references import CharacterReferenceRead
from app.models.check_ins import CheckInForGovernor, CheckInLimits, CheckInOwn, CheckInRead
from app.models.clearances import ClearanceRead, ClearanceRow, ExpiringRow
from app.models.cohorts import AttendanceRead, CohortRead, CohortRow, DayMarked, MemberRead
from app.models.complaints import ComplaintOwn, ComplaintRead, ComplaintReceipt, ComplaintRow
from app.models.contact_requests import (
    ContactFigures,
    ContactRequestForMentor,
    ContactRequestRead,
    ContactRequestRow,
    ContactRequestRowForMentor,
)
from app.models.demand import DemandRead, TurnedAwayRead
from app.models.efforts import EffortRead, EffortSummary
from app.models.enrolments import EnrolmentRead, EnrolmentRow, WaitingForPlace
from app.models.goals import GoalForMentor, GoalRead
from app.models.interviews import InterviewForGovernor, InterviewRead, InterviewRow
from app.models.joint_reviews import (
    AgendaRead,
    JointReviewForGovernor,
    JointReviewRead,
    JointReviewRow,
)
from app.models.match_proposals import MatchProposalRead, MatchProposalRow, ProposedPairRead
from app.models.matching import MatchCandidatesRead, PairCheckRead
from app.models.mentees import MenteeReceipt
from app.models.mentors import ShadowingRead
from app.models.modules import ModuleRead, ModuleRow
from app.models.moves import HistoryCoarse, HistoryForMentor, HistoryRead
from app.models.on_duty import OnDuty, OnDutyForStaff
from app.models.outreach_visits import OutreachCoverage, OutreachVisitRead
from app.models.people import MergeRead, MergeReceipt
from app.models.placements import PlacementObservation, PlacementRead, PlacementRow
from app.models.prints import (
    MentorWeek,
    MovementList,
    OutageSheet,
    Register,
    RotaMonth,
    RotaMonthForMentor,
    WingSheet,
)
from app.models.prison_events import PrisonEventRead, PrisonEventRow, PrisonEventTimes
from app.models.profiles import ProfileOwn, ProfileRead
from app.models.rota_cover import RotaCover
from app.models.rota_demands import RotaDemandRead
from app.models.rotas import RotaRead, RotaRow
from app.models.series import OccurrenceRead, PlanRead, SeriesPlanned, SeriesRead, SeriesRow
from app.models.shifts import (
    ShiftForMentor,
    ShiftRead,
    ShiftRow,
    ShiftRowForMentor,
)
from app.models.staff import Role
from app.models.statements import StatementForMentor, StatementRead
from app.models.supervisions import (
    ComplianceRead,
    SupervisionForGovernor,
    SupervisionForMentor,
    SupervisionRead,
    SupervisionRow,
)
from app.models.texts import VersionRead
from app.models.trainings import TrainingMatrix
from app.models.waiting_list import WaitingRead
from app.models.wing_places import WingOccupancy, WingPlaceOwn, WingPlaceRead, WingPlaceRow

Audiences = Mapping[Role, type[Output]]
CARE = (Role.support_worker, Role.clinician)
STAFF = (*CARE, Role.governor)
SCHEME = (*STAFF, Role.mentor)


_HISTORY: Audiences = {**dict.fromkeys(STAFF, HistoryRead), Role.mentor: HistoryForMentor}


_ACQUAINTANCE: Audiences = {**dict.fromkeys(CARE, AcquaintanceRead), Role.mentor: AcquaintanceOwn}


# That somebody is needed elsewhere is enough to plan by; for what, those know who bring them there.
_PRISON_EVENT: Audiences = {
    Role.support_worker: PrisonEventRead,
    Role.clinician: PrisonEventTimes,
}


PROGRAMME: dict[str, Audiences] = {
    "on_duty": {**dict.fromkeys(STAFF, OnDutyForStaff), Role.mentor: OnDuty},
    "contact_requests": {
        **dict.fromkeys(CARE, ContactRequestRead),
        Role.mentor: ContactRequestForMentor,
    },
    "contact_requests.row": {
        **dict.fromkeys(CARE, ContactRequestRow),
        Role.mentor: ContactRequestRowForMentor,
    },
    "contact_requests.history": {
        **dict.fromkeys(CARE, HistoryRead),
        Role.mentor: HistoryForMentor,
    },
    "contact_requests.figures": dict.fromkeys(STAFF, ContactFigures),
    "participations.figures": dict.fromkeys(STAFF, AttendanceFigures),
    "board": {**dict.fromkeys(STAFF, BoardRead), Role.mentor: BoardForMentor},
    "campaigns": {**dict.fromkeys(STAFF, CampaignRead), Role.mentor: CampaignForPrisoner},
    "campaigns.row": {**dict.fromkeys(STAFF, CampaignRow), Role.mentor: CampaignForPrisoner},
    "campaigns.history": {**dict.fromkeys(STAFF, HistoryRead), Role.mentor: HistoryForMentor},
    "statements": {**dict.fromkeys(STAFF, StatementRead), Role.mentor: StatementForMentor},
    "statements.row": {**dict.fromkeys(STAFF, StatementRead), Role.mentor: StatementForMentor},
    "statements.versions": dict.fromkeys(CARE, VersionRead),
    "character_references": dict.fromkeys(STAFF, CharacterReferenceRead),
    "character_references.row": dict.fromkeys(STAFF, CharacterReferenceRead),
    "character_references.versions": dict.fromkeys(CARE, VersionRead),
    "interviews": {
        **dict.fromkeys(CARE, InterviewRead),
        Role.governor: InterviewForGovernor,  # who recommends what: the words are for care
    },
    "interviews.row": {**dict.fromkeys(CARE, InterviewRow), Role.governor: InterviewForGovernor},
    "interviews.versions": dict.fromkeys(CARE, VersionRead),
    "adoptions": dict.fromkeys(STAFF, AdoptionState),
    "adoptions.part": dict.fromkeys(STAFF, AdoptionRead),
    "mentors.queue": {Role.governor: QueueItem},
    "mentors.pathway": dict.fromkeys(STAFF, Pathway),
    "supervisions": {
        **dict.fromkeys(CARE, SupervisionRead),
        Role.governor: SupervisionForGovernor,
        Role.mentor: SupervisionForMentor,
    },
    "supervisions.row": dict.fromkeys(SCHEME, SupervisionRow),
    "supervisions.history": {
        **dict.fromkeys(CARE, HistoryRead),
        Role.governor: HistoryCoarse,  # whether and when, not what was said
        Role.mentor: HistoryForMentor,
    },
    "supervisions.versions": dict.fromkeys(CARE, VersionRead),
    "supervisions.compliance": dict.fromkeys(SCHEME, ComplianceRead),
    "joint_reviews": {
        **dict.fromkeys(CARE, JointReviewRead),
        Role.governor: JointReviewForGovernor,
    },
    "joint_reviews.row": dict.fromkeys(STAFF, JointReviewRow),
    "joint_reviews.history": {
        **dict.fromkeys(CARE, HistoryRead),
        Role.governor: HistoryCoarse,
    },
    "joint_reviews.versions": dict.fromkeys(CARE, VersionRead),
    "joint_reviews.agenda": dict.fromkeys(CARE, AgendaRead),
    "check_ins": {
        **dict.fromkeys(CARE, CheckInLimits),
        Role.governor: CheckInForGovernor,
        Role.mentor: CheckInOwn,
    },
    "check_ins.row": {
        **dict.fromkeys(CARE, CheckInLimits),
        Role.governor: CheckInForGovernor,
        Role.mentor: CheckInOwn,
    },
    "check_ins.patient": {Role.clinician: CheckInRead},  # of a mentor who is their own patient
    "mentors.assessments": {
        **dict.fromkeys(STAFF, AssessmentRead),
        Role.mentor: AssessmentForMentor,
    },
    "mentors.shadowing": dict.fromkeys(SCHEME, ShadowingRead),
    "placements": dict.fromkeys(SCHEME, PlacementRead),
    "placements.row": dict.fromkeys(SCHEME, PlacementRow),
    "placements.history": _HISTORY,
    "placements.observations": dict.fromkeys(SCHEME, PlacementObservation),
    "modules": dict.fromkeys(SCHEME, ModuleRead),
    "modules.row": dict.fromkeys(SCHEME, ModuleRow),
    "modules.history": _HISTORY,
    "cohorts": dict.fromkeys(SCHEME, CohortRead),
    "cohorts.row": dict.fromkeys(SCHEME, CohortRow),
    "cohorts.history": _HISTORY,
    "cohorts.day": {Role.clinician: DayMarked},
    "cohorts.members": dict.fromkeys(SCHEME, MemberRead),
    "cohorts.attendance": dict.fromkeys(SCHEME, AttendanceRead),
    "trainings.matrix": dict.fromkeys(SCHEME, TrainingMatrix),
    "clearances": {Role.support_worker: ClearanceRow, Role.governor: ClearanceRead},
    "clearances.row": {Role.support_worker: ClearanceRow, Role.governor: ClearanceRead},
    "clearances.expiring": dict.fromkeys((Role.support_worker, Role.governor), ExpiringRow),
    "profiles": {**dict.fromkeys(CARE, ProfileRead), Role.mentor: ProfileOwn},
    "acquaintances": _ACQUAINTANCE,
    "acquaintances.row": _ACQUAINTANCE,
    "prison_events": _PRISON_EVENT,
    "prison_events.row": {**_PRISON_EVENT, Role.support_worker: PrisonEventRow},
    "pairings.check": dict.fromkeys(CARE, PairCheckRead),
    "mentees.match_candidates": dict.fromkeys(CARE, MatchCandidatesRead),
    "match_proposals": dict.fromkeys(CARE, MatchProposalRead),
    "match_proposals.row": dict.fromkeys(CARE, MatchProposalRow),
    "match_proposals.pairs": dict.fromkeys(CARE, ProposedPairRead),
    "match_proposals.history": dict.fromkeys(CARE, HistoryRead),
    "availabilities": dict.fromkeys(SCHEME, AvailabilityRead),
    "availabilities.row": dict.fromkeys(SCHEME, AvailabilityRead),
    "rota_demands": dict.fromkeys(STAFF, RotaDemandRead),
    "rota_demands.row": dict.fromkeys(STAFF, RotaDemandRead),
    "rota_cover": dict.fromkeys(STAFF, RotaCover),
    "rotas": dict.fromkeys(STAFF, RotaRead),
    "rotas.row": dict.fromkeys(STAFF, RotaRow),
    "rotas.history": dict.fromkeys(STAFF, HistoryRead),
    "shifts": {**dict.fromkeys(STAFF, ShiftRead), Role.mentor: ShiftForMentor},
    "shifts.row": {**dict.fromkeys(STAFF, ShiftRow), Role.mentor: ShiftRowForMentor},
    "shifts.history": {**_HISTORY, Role.wing_duty: HistoryCoarse},
    "mentees.receipt": dict.fromkeys((Role.wing_duty, Role.mentor), MenteeReceipt),
    "waiting_list": dict.fromkeys(STAFF, WaitingRead),
    "goals": {**dict.fromkeys(CARE, GoalRead), Role.mentor: GoalForMentor},
    "goals.row": {**dict.fromkeys(CARE, GoalRead), Role.mentor: GoalForMentor},
    "goals.history": {**dict.fromkeys(CARE, HistoryRead), Role.mentor: HistoryForMentor},
    "goals.versions": dict.fromkeys(CARE, VersionRead),
    "complaints": {**dict.fromkeys(STAFF, ComplaintRead), Role.mentor: ComplaintOwn},
    "complaints.row": {**dict.fromkeys(STAFF, ComplaintRow), Role.mentor: ComplaintOwn},
    "complaints.raised": dict.fromkeys(SCHEME, ComplaintReceipt),
    "complaints.history": dict.fromkeys(STAFF, HistoryRead),
    "series": dict.fromkeys((*CARE, Role.mentor), SeriesRead),
    "series.row": dict.fromkeys((*CARE, Role.mentor), SeriesRow),
    "series.planned": {Role.support_worker: SeriesPlanned},
    "series.occurrences": dict.fromkeys((*CARE, Role.mentor), OccurrenceRead),
    "series.plans": dict.fromkeys((*CARE, Role.mentor), PlanRead),
    "series.history": {**dict.fromkeys(CARE, HistoryRead), Role.mentor: HistoryForMentor},
    "enrolments": dict.fromkeys(CARE, EnrolmentRead),
    "enrolments.row": dict.fromkeys(CARE, EnrolmentRow),
    "enrolments.waiting": dict.fromkeys(CARE, WaitingForPlace),
    "enrolments.history": dict.fromkeys(CARE, HistoryRead),
    "demand": dict.fromkeys(STAFF, DemandRead),
    "turned_away": dict.fromkeys(CARE, TurnedAwayRead),
    "wing_places": {**dict.fromkeys(STAFF, WingPlaceRead), Role.mentor: WingPlaceOwn},
    "wing_places.row": {**dict.fromkeys(STAFF, WingPlaceRow), Role.mentor: WingPlaceOwn},
    "wing_places.history": {
        **dict.fromkeys(CARE, HistoryRead),
        Role.wing_duty: HistoryCoarse,  # who reads no notes reads none here either
        Role.governor: HistoryCoarse,
        Role.mentor: HistoryForMentor,
    },
    "wing_places.occupancy": dict.fromkeys(STAFF, WingOccupancy),
    "outreach_visits": dict.fromkeys(STAFF, OutreachVisitRead),
    "outreach_visits.row": dict.fromkeys(STAFF, OutreachVisitRead),
    "outreach_visits.coverage": dict.fromkeys(STAFF, OutreachCoverage),
    "efforts": dict.fromkeys((*CARE, Role.mentor), EffortRead),
    "efforts.row": dict.fromkeys((*CARE, Role.mentor), EffortRead),
    "efforts.summary": dict.fromkeys(SCHEME, EffortSummary),
    "calendar_feeds": dict.fromkeys(STAFF, CalendarFeedRead),
    "calendar_feeds.row": dict.fromkeys(STAFF, CalendarFeedRead),
    "calendar_feeds.made": dict.fromkeys(CARE, CalendarFeedMade),
    "prints.wing_sheet": dict.fromkeys(CARE, WingSheet),
    "prints.movements": dict.fromkeys(CARE, MovementList),
    "prints.register": dict.fromkeys(CARE, Register),
    "prints.week": dict.fromkeys((*CARE, Role.mentor), MentorWeek),
    "prints.outage": dict.fromkeys(STAFF, OutageSheet),
    "prints.rota_month": {**dict.fromkeys(STAFF, RotaMonth), Role.mentor: RotaMonthForMentor},
    "people.merges": {Role.support_worker: MergeRead, Role.machine: MergeReceipt},
}
