"""Reference: every code list of the API with its words, from `app/reference/labels_*.toml`.

The code says which codes there are, the files say what they are called. A test holds the two
together, and both against the OpenAPI document.
"""

import re
import tomllib
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.models.acct_pointers import AcctStatus
from app.models.acquaintances import DeclaredBy, Relation
from app.models.addresses import AddressKind, ChannelKind
from app.models.adoptions import AdoptionPart
from app.models.applications import CoolingOff
from app.models.assessments import AssessmentOutcome
from app.models.audit import AuditAct
from app.models.availabilities import AvailabilityKind
from app.models.base import Disclosure
from app.models.board import BoardBand, BoardRule
from app.models.break_glass import BreakGlassReason, BreakGlassStatus, ReviewOutcome
from app.models.calendar_feeds import FeedKind
from app.models.campaigns import CampaignStatus
from app.models.caseloads import CaseloadEnd
from app.models.character_references import RefereeRole, Supports
from app.models.check_ins import CheckInLimit, Fitness
from app.models.chronology import EventKind
from app.models.clearances import ClearanceStage
from app.models.clients import ClientScope
from app.models.clinical_notes import ClinicalNoteKind
from app.models.cohorts import AttendanceStatus, CohortStatus
from app.models.complaints import ComplaintAbout, ComplaintStatus
from app.models.concerns import (
    AcctDecision,
    BatchOutcome,
    ConcernClock,
    ConcernKind,
    ConcernStatus,
    Doors,
    DuplicateWhy,
    FeedbackOutcome,
    FigureFormat,
    ImmediacySaid,
    TimelineKind,
)
from app.models.contact_requests import ContactStatus, OfferAnswer
from app.models.deaths import DeathSource, DeathStatus
from app.models.deliveries import DeliveryCode, DeliveryStatus
from app.models.demand import TurnedAwayReason
from app.models.duties import Post
from app.models.efforts import EffortActivity, EffortBy, EffortSource, EffortVoid
from app.models.enrolments import EnrolmentStatus, PlaceOrder
from app.models.escalation_policies import PolicyStatus, SimulationGap
from app.models.export_jobs import ExportFailure, ExportJobStatus
from app.models.exports import ExportCompression, ExportDataset, ExportFormat
from app.models.goals import GoalKind, GoalStatus
from app.models.handovers import DutyHandoverStatus
from app.models.inbox import InboxRule
from app.models.interviews import Interviewer, Recommendation
from app.models.joint_reviews import AgendaCode, JointReviewStatus
from app.models.languages import Language
from app.models.legal_holds import HoldReason, HoldStatus
from app.models.lockdowns import ReofferOutcome, WelfareReason
from app.models.match_proposals import (
    MatchProposalStatus,
    ProposedOutcome,
    SolverStatus,
    UnmatchedWhy,
)
from app.models.matching import FitCode, MatchBar, MayMeet
from app.models.mentees import CheckKind, MenteeSeen, MenteeStatus, ReferredBy
from app.models.mentors import (
    ApprovalCondition,
    ClearanceOutcome,
    Commitment,
    MentorStatus,
    SuspensionOutcome,
)
from app.models.modules import ModuleSource, ModuleStatus
from app.models.non_associations import PairImportOutcome, Restriction
from app.models.notifications import NotificationStatus, PageWhy, Urgency
from app.models.on_duty import ReachedBy
from app.models.outcome_cohorts import OutcomeCohortStatus
from app.models.outreach_visits import OutreachKind
from app.models.page_tests import PageTestTo
from app.models.pairings import PairingStatus
from app.models.participations import AttendanceCorrection, HmppsOutcome, MarkAs
from app.models.people import ImportOutcome, MergeOutcome, MergeWarning, Presence, Source
from app.models.permissions import HowGiven, PermissionStatus, Purpose, Recipient
from app.models.placements import PlacementStatus
from app.models.prints import ConcernWaitsFor, PrintFormat
from app.models.prison_events import EventImportOutcome, PrisonEventKind, PrisonEventSource
from app.models.profiles import LivedTopic, Preference, Skill
from app.models.questionnaires import (
    AskedResult,
    Instrument,
    Occasion,
    QuestionnaireStatus,
    ReliableChange,
)
from app.models.reference import CodeRead, HmppsRead, ReferenceRead
from app.models.regime_exceptions import ExceptionReason
from app.models.regimes import RegimeImportOutcome, RegimeSource, Slot
from app.models.releases import ReleaseKind, ReleaseStatus
from app.models.report_tables import Measure, ReportName, Unit
from app.models.reports import Indicator, Question
from app.models.retention import RetentionClass
from app.models.revocations import RevocationReason, TokensOfMine
from app.models.room_closures import ClosureReason
from app.models.rooms import UseFormat
from app.models.rota_demands import RotaDay, RotaRole
from app.models.rotas import GapWhy, RotaStatus, SolveMode, SolveOutcome
from app.models.safety_plans import SafetyItemKind
from app.models.series import ChangeScope, OnClash, SeriesStatus
from app.models.sessions import (
    CancelReason,
    ClashKind,
    ParticipationStatus,
    SessionKind,
    SessionStatus,
)
from app.models.shifts import ShiftStatus
from app.models.staff import Role, StaffRole
from app.models.statements import Prompt
from app.models.supervisions import (
    MentorSignature,
    SupervisionMode,
    SupervisionStatus,
    SupervisionText,
)
from app.models.tasks import TaskKind, TaskSource, TaskStatus
from app.models.trainings import Module, TrainingStatus
from app.models.waiting_list import OrderReason, WaitingFor
from app.models.webhooks import WebhookEnd, WebhookTopic
from app.models.wing_places import WingPlaceEnd, WingPlaceStatus
from app.rights import Permission
from app.services.escalation import Immediacy, Why
from app.services.ladders import HoursDay, Target
from app.services.participations.outcomes import by_reason, by_status

LABELS = Path(__file__).parents[1] / "reference"
LISTS: tuple[type[StrEnum], ...] = (
    Role,
    StaffRole,
    Permission,
    Post,
    Presence,
    Source,
    ImportOutcome,
    Slot,
    MentorStatus,
    Commitment,
    ClearanceOutcome,
    ClearanceStage,
    ApprovalCondition,
    SuspensionOutcome,
    Module,
    TrainingStatus,
    MenteeStatus,
    MenteeSeen,
    ReferredBy,
    CheckKind,
    PairingStatus,
    SessionKind,
    SessionStatus,
    ParticipationStatus,
    SeriesStatus,
    OnClash,
    ChangeScope,
    EnrolmentStatus,
    PlaceOrder,
    MarkAs,
    AttendanceCorrection,
    HmppsOutcome,
    CancelReason,
    ClashKind,
    PrisonEventKind,
    PrisonEventSource,
    EventImportOutcome,
    ClosureReason,
    ExceptionReason,
    RegimeSource,
    RegimeImportOutcome,
    WelfareReason,
    ReofferOutcome,
    ConcernKind,
    ConcernStatus,
    BatchOutcome,
    DuplicateWhy,
    TimelineKind,
    ConcernClock,
    Doors,
    FigureFormat,
    Immediacy,
    ImmediacySaid,
    AcctDecision,
    FeedbackOutcome,
    Why,
    Target,
    HoursDay,
    PolicyStatus,
    SimulationGap,
    DutyHandoverStatus,
    NotificationStatus,
    Urgency,
    AddressKind,
    ChannelKind,
    DeliveryStatus,
    DeliveryCode,
    PageTestTo,
    WebhookTopic,
    WebhookEnd,
    Recipient,
    Purpose,
    PermissionStatus,
    HowGiven,
    AcctStatus,
    AuditAct,
    RetentionClass,
    Disclosure,
    CaseloadEnd,
    ClinicalNoteKind,
    SafetyItemKind,
    ClientScope,
    RevocationReason,
    TokensOfMine,
    TaskStatus,
    TaskKind,
    TaskSource,
    PageWhy,
    BreakGlassStatus,
    BreakGlassReason,
    ReviewOutcome,
    DeathStatus,
    DeathSource,
    HoldStatus,
    HoldReason,
    ReleaseKind,
    ReleaseStatus,
    EventKind,
    BoardBand,
    BoardRule,
    InboxRule,
    CampaignStatus,
    Prompt,
    RefereeRole,
    Supports,
    Interviewer,
    Recommendation,
    AdoptionPart,
    CoolingOff,
    SupervisionStatus,
    SupervisionMode,
    SupervisionText,
    MentorSignature,
    JointReviewStatus,
    AgendaCode,
    CheckInLimit,
    Fitness,
    PlacementStatus,
    AssessmentOutcome,
    ModuleStatus,
    ModuleSource,
    CohortStatus,
    AttendanceStatus,
    Language,
    Skill,
    Preference,
    LivedTopic,
    Relation,
    DeclaredBy,
    Restriction,
    PairImportOutcome,
    MayMeet,
    FitCode,
    MatchBar,
    MatchProposalStatus,
    SolverStatus,
    ProposedOutcome,
    UnmatchedWhy,
    AvailabilityKind,
    RotaRole,
    RotaDay,
    RotaStatus,
    SolveMode,
    SolveOutcome,
    GapWhy,
    ShiftStatus,
    ContactStatus,
    OfferAnswer,
    ReachedBy,
    GoalKind,
    GoalStatus,
    Instrument,
    Occasion,
    AskedResult,
    QuestionnaireStatus,
    ReliableChange,
    OutcomeCohortStatus,
    Indicator,
    ExportDataset,
    ExportFormat,
    ExportCompression,
    ReportName,
    Measure,
    Unit,
    Question,
    ComplaintAbout,
    ComplaintStatus,
    OrderReason,
    WaitingFor,
    TurnedAwayReason,
    WingPlaceStatus,
    WingPlaceEnd,
    OutreachKind,
    EffortActivity,
    EffortVoid,
    EffortSource,
    EffortBy,
    FeedKind,
    ExportJobStatus,
    ExportFailure,
    PrintFormat,
    ConcernWaitsFor,
    UseFormat,
    MergeOutcome,
    MergeWarning,
)


@lru_cache
def every_list() -> ReferenceRead:
    """Every code list with its words. KeyError for a code without any."""
    words = labels()
    return ReferenceRead(
        lists={
            name: [CodeRead(code=code.value, **words[name][code.value]) for code in kind]
            for kind in LISTS
            for name in [name_of(kind)]
        },
        hmpps_outcomes=[
            *(HmppsRead(status=each, outcome=code) for each, code in by_status().items()),
            *(
                HmppsRead(status=ParticipationStatus.cancelled, reason=each, outcome=code)
                for each, code in by_reason().items()
            ),
        ],
    )


def name_of(kind: type[StrEnum]) -> str:
    """A list's name: SessionKind is session_kind."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


@lru_cache
def labels() -> dict[str, dict[str, Any]]:
    """The words of the files: list → code → label and easy_read."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(LABELS.glob("labels_*.toml")):
        found |= tomllib.loads(file.read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=1024)
def words_of(name: str, code: str) -> str:
    """A code's easy words. KeyError for a code without any."""
    return str(labels()[name][code]["easy_read"])
