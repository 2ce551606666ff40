"""The visibility matrix on one page: the shape in which each role is answered each resource.

A field out of an audience's reach is absent from its shape. The rows somebody may see are narrowed
in `app/scope.py`; whether they may ask at all is in `app/grants.py`.
"""

from app.errors import NotAllowed
from app.models.acct_pointers import AcctPointerRead, AcctPointerRow
from app.models.addresses import AddressForGovernor, AddressRead
from app.models.audit import AuditRead
from app.models.base import Output
from app.models.break_glass import BreakGlassOwn, BreakGlassRead, BreakGlassRow
from app.models.caseloads import CaseloadRead
from app.models.chronology import EventRead
from app.models.clients import ClientRead
from app.models.clinical_notes import ClinicalNoteRead, ClinicalNoteRow
from app.models.concerns import (
    ConcernDuplicate,
    ConcernFigures,
    ConcernForGovernor,
    ConcernForGovernorRow,
    ConcernForMachine,
    ConcernForWing,
    ConcernRaised,
    ConcernRead,
    ConcernReceipt,
    ConcernRow,
    TimelineEntry,
)
from app.models.deaths import DeathRead
from app.models.deliveries import DeliveryRead
from app.models.duties import DutyGap, DutyOverrideRead, DutyRead
from app.models.duty_patterns import DutyPatternRead
from app.models.escalation_policies import (
    EscalationPolicyRead,
    EscalationPolicyRow,
    SimulationRead,
    StandingPolicy,
)
from app.models.explanations import ExplanationRead
from app.models.export_jobs import ExportJobRead, ExportJobRow, ExportLinkMade
from app.models.exports import EXPORTED, NAMED, EpisodeExport, IdentifiableEpisodeExport
from app.models.handovers import HandoverRead, HandoverRow
from app.models.inbox import InboxItem, InboxItemForMentor
from app.models.legal_holds import HoldRead, HoldStands
from app.models.lockdowns import (
    LockdownDeclared,
    LockdownRead,
    LockdownRow,
    ReoffersRead,
    WelfareCheckRead,
)
from app.models.mentees import (
    MenteeForGovernor,
    MenteeForMentor,
    MenteeRead,
    MenteeReceipt,
    MenteeRow,
)
from app.models.mentors import (
    MentorForClinician,
    MentorOwn,
    MentorOwnRow,
    MentorRead,
    MentorRow,
    ObservationForMentor,
    ObservationRead,
)
from app.models.moves import HistoryBare, HistoryCoarse, HistoryForMentor, HistoryRead
from app.models.notifications import NotificationRead
from app.models.page_tests import PageTestRead, PageTestRow
from app.models.pairings import PairingForMentor, PairingRead, PairingRow
from app.models.participations import (
    AttendanceCount,
    GroupMemberRead,
    MyMenteesPartRead,
    ParticipationRead,
    SeriesAttendance,
)
from app.models.people import PersonForMentor, PersonRead
from app.models.permissions import PermissionRead, PermissionRow
from app.models.prisons import PrisonRead
from app.models.questionnaires import (
    QuestionnaireDue,
    QuestionnaireForStaff,
    QuestionnaireRead,
    QuestionnaireRow,
)
from app.models.regime_exceptions import RegimeExceptionForMentor, RegimeExceptionRead
from app.models.regimes import RegimeDays, RegimeRead
from app.models.releases import ReleaseRead, ReleaseRow
from app.models.retention import RetentionRead
from app.models.revocations import RevocationRead
from app.models.room_closures import RoomClosureForMentor, RoomClosureRead, RoomClosureRow
from app.models.rooms import RoomRead, RoomUsageRead, RoomUse, RoomUseForMentor
from app.models.safety_plans import (
    ItemVersion,
    SafetyPlanForMentor,
    SafetyPlanForMentorRow,
    SafetyPlanForStaff,
    SafetyPlanForStaffRow,
    SafetyPlanRead,
    SafetyPlanRow,
)
from app.models.sessions import (
    FreeSlots,
    SessionForMentor,
    SessionNoteless,
    SessionRead,
    SessionRecorded,
    SessionRecordedForMentor,
    SessionRecordedNoteless,
    SessionRow,
    SessionRowForMentor,
)
from app.models.staff import Role, StaffRead
from app.models.streams import StreamTicketMade
from app.models.tasks import TaskForOverseer, TaskRead, TaskRow
from app.models.texts import VersionRead
from app.models.trainings import TrainingRead, TrainingRow
from app.models.webhooks import Replayed, WebhookDeliveryRead, WebhookMade, WebhookRead
from app.models.wings import WingRead
from app.programme_visibility import CARE as _CARE
from app.programme_visibility import PROGRAMME, Audiences
from app.programme_visibility import SCHEME as _SCHEME
from app.programme_visibility import STAFF as _STAFF

_BOTH_SIDES = (Role.governor, Role.mental_health_lead)
_HOLD: Audiences = {
    Role.support_worker: HoldStands,
    Role.clinician: HoldStands,
    **dict.fromkeys(_BOTH_SIDES, HoldRead),
}
_CONCERN: Audiences = {
    Role.support_worker: ConcernRead,
    Role.wing_duty: ConcernForWing,
    Role.clinician: ConcernRead,
    Role.governor: ConcernForGovernor,
    Role.mentor: ConcernReceipt,
    Role.machine: ConcernForMachine,
}
_ADDRESS: Audiences = {**dict.fromkeys(_CARE, AddressRead), Role.governor: AddressForGovernor}
_HISTORY: Audiences = {**dict.fromkeys(_STAFF, HistoryRead), Role.mentor: HistoryForMentor}
_CLOSURE_ROW: Audiences = {
    **dict.fromkeys(_STAFF, RoomClosureRow),
    Role.mentor: RoomClosureForMentor,
}
_REGIME_EXCEPTION: Audiences = {
    **dict.fromkeys(_STAFF, RegimeExceptionRead),
    Role.mentor: RegimeExceptionForMentor,
}

# "mentees" is the single resource, "mentees.row" the same in a list, "mentees.history" its moves. A
# role finds its own shape or its family's; a role that finds none is not answered.
MATRIX: dict[str, Audiences] = {
    "prisons": dict.fromkeys(_STAFF, PrisonRead),
    "wings": dict.fromkeys(_SCHEME, WingRead),
    "wings.row": dict.fromkeys(_SCHEME, WingRead),
    "rooms": dict.fromkeys(_SCHEME, RoomRead),
    "rooms.usage": dict.fromkeys(_STAFF, RoomUsageRead),
    "rooms.row": dict.fromkeys(_SCHEME, RoomRead),
    "rooms.use": {**dict.fromkeys(_CARE, RoomUse), Role.mentor: RoomUseForMentor},
    "room_closures": {
        **_CLOSURE_ROW,
        **dict.fromkeys(_CARE, RoomClosureRead),
    },
    "room_closures.row": _CLOSURE_ROW,
    "regimes": dict.fromkeys(_SCHEME, RegimeRead),
    "regimes.row": dict.fromkeys(_SCHEME, RegimeRead),
    "regimes.days": dict.fromkeys(_SCHEME, RegimeDays),
    "regime_exceptions": _REGIME_EXCEPTION,
    "regime_exceptions.row": _REGIME_EXCEPTION,
    "staff": dict.fromkeys(_STAFF, StaffRead),
    "staff.row": dict.fromkeys(_STAFF, StaffRead),
    "duties": dict.fromkeys(_STAFF, DutyRead),
    "duties.row": dict.fromkeys(_STAFF, DutyRead),
    "duties.overrides": dict.fromkeys(_STAFF, DutyOverrideRead),
    "duties.gaps": dict.fromkeys(_STAFF, DutyGap),
    "duty_patterns": dict.fromkeys(_STAFF, DutyPatternRead),
    "duty_patterns.row": dict.fromkeys(_STAFF, DutyPatternRead),
    "escalation_policies": dict.fromkeys(_STAFF, EscalationPolicyRead),
    "escalation_policies.row": dict.fromkeys(_STAFF, EscalationPolicyRow),
    "escalation_policies.standing": dict.fromkeys(_STAFF, StandingPolicy),
    "escalation_policies.simulation": dict.fromkeys(_STAFF, SimulationRead),
    "escalation_policies.history": dict.fromkeys(_STAFF, HistoryCoarse),
    "handovers": dict.fromkeys(_STAFF, HandoverRead),
    "handovers.row": dict.fromkeys(_STAFF, HandoverRow),
    "handovers.history": dict.fromkeys(_STAFF, HistoryCoarse),
    "notifications": dict.fromkeys(_STAFF, NotificationRead),
    "notifications.row": dict.fromkeys(_STAFF, NotificationRead),
    "notifications.deliveries": dict.fromkeys(_STAFF, DeliveryRead),
    "page_tests": {Role.governor: PageTestRead},
    "page_tests.row": {Role.governor: PageTestRow},
    "webhooks": {Role.governor: WebhookRead},
    "webhooks.row": {Role.governor: WebhookRead},
    "webhooks.made": {Role.governor: WebhookMade},
    "webhooks.deliveries.row": {Role.governor: WebhookDeliveryRead},
    "webhooks.replayed": {Role.governor: Replayed},
    "addresses": _ADDRESS,
    "addresses.row": _ADDRESS,
    "inbox.row": {**dict.fromkeys(_STAFF, InboxItem), Role.mentor: InboxItemForMentor},
    "streams.ticket": dict.fromkeys(_SCHEME, StreamTicketMade),
    "people": {**dict.fromkeys(_STAFF, PersonRead), Role.mentor: PersonForMentor},
    "people.row": {**dict.fromkeys(_STAFF, PersonRead), Role.mentor: PersonForMentor},
    "mentors": {
        Role.support_worker: MentorRead,
        Role.clinician: MentorForClinician,
        Role.governor: MentorRead,
        Role.mentor: MentorOwn,
    },
    "mentors.row": {
        Role.support_worker: MentorRow,
        Role.clinician: MentorOwnRow,
        Role.governor: MentorRow,
        Role.mentor: MentorOwnRow,
    },
    "mentors.history": _HISTORY,
    "mentors.history.decided": {  # why a governor decided is not for everyone
        Role.support_worker: HistoryCoarse,
        Role.clinician: HistoryBare,
        Role.governor: HistoryRead,
        Role.mentor: HistoryForMentor,
    },
    "mentors.history.fitness": {  # what a clinician notes of a pause is of the mentor's health
        **dict.fromkeys(_STAFF, HistoryCoarse),
        Role.clinician: HistoryRead,
        Role.mentor: HistoryForMentor,
    },
    "mentors.observations": {
        **dict.fromkeys(_STAFF, ObservationRead),
        Role.mentor: ObservationForMentor,
    },
    "trainings": dict.fromkeys(_SCHEME, TrainingRead),
    "trainings.row": dict.fromkeys(_SCHEME, TrainingRow),
    "trainings.history": _HISTORY,
    "mentees": {
        Role.support_worker: MenteeRead,
        Role.wing_duty: MenteeReceipt,
        Role.clinician: MenteeRead,
        Role.governor: MenteeForGovernor,
        Role.mentor: MenteeForMentor,
        Role.applicant: MenteeReceipt,
    },
    "mentees.row": {
        **dict.fromkeys(_STAFF, MenteeRow),
        Role.governor: MenteeForGovernor,
        Role.mentor: MenteeForMentor,
    },
    "mentees.history": {
        **dict.fromkeys(_CARE, HistoryRead),
        Role.governor: HistoryCoarse,  # the course, not the story
    },
    "mentees.explanations": dict.fromkeys(_CARE, ExplanationRead),
    "pairings": {**dict.fromkeys(_STAFF, PairingRead), Role.mentor: PairingForMentor},
    "pairings.row": {**dict.fromkeys(_STAFF, PairingRow), Role.mentor: PairingForMentor},
    "pairings.history": _HISTORY,
    "sessions": {
        **dict.fromkeys(_CARE, SessionRead),
        Role.wing_duty: SessionNoteless,
        Role.mentor: SessionForMentor,
    },
    "sessions.row": {**dict.fromkeys(_CARE, SessionRow), Role.mentor: SessionRowForMentor},
    "sessions.recorded": {
        **dict.fromkeys(_CARE, SessionRecorded),
        Role.wing_duty: SessionRecordedNoteless,
        Role.mentor: SessionRecordedForMentor,
    },
    "sessions.history": {
        **dict.fromkeys(_CARE, HistoryRead),
        Role.wing_duty: HistoryCoarse,  # who reads no notes reads none here either
        Role.mentor: HistoryForMentor,
    },
    "sessions.slots": dict.fromkeys((Role.support_worker, Role.mentor), FreeSlots),
    "sessions.note.versions": dict.fromkeys(_CARE, VersionRead),
    "sessions.addenda": dict.fromkeys((*_CARE, Role.mentor), VersionRead),
    "sessions.participations": {
        **dict.fromkeys(_CARE, ParticipationRead),
        Role.mentor: MyMenteesPartRead,
    },
    "sessions.participations.group": {Role.mentor: GroupMemberRead},
    "mentees.attendance": dict.fromkeys(_CARE, AttendanceCount),
    "series.attendance": dict.fromkeys(_CARE, SeriesAttendance),
    "lockdowns": {
        Role.support_worker: LockdownRead,
        Role.clinician: LockdownRead,
        Role.governor: LockdownRow,  # counts of sessions, never a session
    },
    "lockdowns.row": dict.fromkeys(_STAFF, LockdownRow),
    "lockdowns.declared": {Role.support_worker: LockdownDeclared},
    "lockdowns.welfare_checks": {Role.support_worker: WelfareCheckRead},
    "lockdowns.reoffers": {Role.support_worker: ReoffersRead},
    "concerns": _CONCERN,
    "concerns.row": {
        **_CONCERN,
        **dict.fromkeys(_CARE, ConcernRow),
        Role.governor: ConcernForGovernorRow,
    },
    "concerns.raised": dict.fromkeys(_SCHEME, ConcernRaised),
    "concerns.reviewed": {  # about a mentor or staff, which governors review; no machine counts it
        **dict.fromkeys(_STAFF, ConcernRead),
        Role.wing_duty: ConcernForWing,
        Role.mentor: ConcernReceipt,
    },
    "concerns.possible_duplicates": {
        **dict.fromkeys(_CARE, ConcernDuplicate),
        Role.governor: ConcernDuplicate,
    },
    "concerns.timeline": {**dict.fromkeys(_CARE, TimelineEntry), Role.governor: TimelineEntry},
    "concerns.figures": {
        Role.support_worker: ConcernFigures,
        Role.clinician: ConcernFigures,
        Role.governor: ConcernFigures,
    },
    "concerns.history": {**dict.fromkeys(_CARE, HistoryRead), Role.governor: HistoryCoarse},
    "concerns.history.reviewed": dict.fromkeys(_STAFF, HistoryRead),
    "acct_pointers": dict.fromkeys(_STAFF, AcctPointerRead),
    "acct_pointers.row": dict.fromkeys(_STAFF, AcctPointerRow),
    "acct_pointers.history": dict.fromkeys(_STAFF, HistoryCoarse),
    "permissions": dict.fromkeys(_CARE, PermissionRead),
    "permissions.row": dict.fromkeys(_CARE, PermissionRow),
    "permissions.history": dict.fromkeys(_CARE, HistoryRead),
    "caseloads": {Role.clinician: CaseloadRead},
    "caseloads.row": {Role.clinician: CaseloadRead},
    "clinical_notes": {Role.clinician: ClinicalNoteRead},
    "clinical_notes.row": {Role.clinician: ClinicalNoteRow},
    "clinical_notes.versions": {Role.clinician: VersionRead},
    "questionnaires": {
        Role.support_worker: QuestionnaireForStaff,
        Role.clinician: QuestionnaireRead,
    },
    "questionnaires.row": {
        Role.support_worker: QuestionnaireForStaff,
        Role.clinician: QuestionnaireRow,
    },
    "questionnaires.due": {Role.clinician: QuestionnaireDue},
    "questionnaires.history": {Role.clinician: HistoryRead},
    "safety_plans": {
        Role.support_worker: SafetyPlanForStaff,
        Role.clinician: SafetyPlanRead,
        Role.mentor: SafetyPlanForMentor,
    },
    "safety_plans.row": {
        Role.support_worker: SafetyPlanForStaffRow,
        Role.clinician: SafetyPlanRow,
        Role.mentor: SafetyPlanForMentorRow,
    },
    "safety_plans.versions": {Role.clinician: ItemVersion},
    "deaths": dict.fromkeys(_STAFF, DeathRead),
    "legal_holds": _HOLD,
    "legal_holds.row": _HOLD,
    "chronology": dict.fromkeys(_BOTH_SIDES, EventRead),
    "releases": dict.fromkeys(_BOTH_SIDES, ReleaseRead),
    "releases.history": dict.fromkeys(_BOTH_SIDES, HistoryRead),
    "releases.row": dict.fromkeys(_BOTH_SIDES, ReleaseRow),
    "retention": {Role.governor: RetentionRead},
    "clients": dict.fromkeys((Role.governor, Role.mental_health_lead), ClientRead),
    "clients.row": dict.fromkeys((Role.governor, Role.mental_health_lead), ClientRead),
    "revocations": dict.fromkeys((Role.governor, Role.mental_health_lead), RevocationRead),
    "revocations.row": {Role.governor: RevocationRead},
    "tasks": {
        Role.support_worker: TaskRead,
        Role.wing_duty: TaskForOverseer,
        Role.clinician: TaskRead,
        Role.governor: TaskForOverseer,
    },
    "tasks.row": dict.fromkeys(_STAFF, TaskRow),
    "break_glass": {
        Role.clinician: BreakGlassOwn,
        Role.mental_health_lead: BreakGlassRead,
        Role.governor: BreakGlassRead,
    },
    "break_glass.row": {
        Role.clinician: BreakGlassOwn,
        Role.mental_health_lead: BreakGlassRow,
        Role.governor: BreakGlassRow,
    },
    "export_jobs": {Role.machine: ExportJobRead},
    "export_jobs.row": {Role.machine: ExportJobRow},
    "export_jobs.link": {Role.machine: ExportLinkMade},
    "exports.row": {Role.machine: EpisodeExport},
    **{f"exports.{name}.row": {Role.machine: row} for name, row in EXPORTED.items()},
    "exports.identifiable.row": {Role.machine: IdentifiableEpisodeExport},
    **{f"exports.identifiable.{name}.row": {Role.machine: row} for name, row in NAMED.items()},
    "audit.row": {
        Role.support_worker: AuditRead,
        Role.clinician: AuditRead,
        Role.governor: AuditRead,
    },
    **PROGRAMME,
}


def shape(resource: str, role: Role) -> type[Output]:
    """The shape in which this role is answered the resource. Raises NotAllowed without one."""
    audiences = MATRIX[resource]
    found = audiences.get(role) or audiences.get(role.family)
    if found is None:
        raise NotAllowed()
    return found
