"""Access: who someone is in a prison today, and the dependency that proves a permission.

Three locks stand behind each other: the permission of the route (`may`, here, by the table of
`app/grants.py`), the scope in the query (`visible`, in `app/scope.py`), and row-level security by
prison in the database.
"""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app import clock
from app.db import Database, PathPrison, ReadDb
from app.errors import NotAllowed, NotFound, Unauthenticated
from app.grants import AUTHORITIES, GRANTS, P, machine_with
from app.limits import Limits, Rate
from app.models.clients import ClientScope
from app.models.mentors import MentorStatus
from app.models.staff import Role
from app.rights import Permission
from app.standing import of_machine, of_prisoner, of_staff, unrevoked
from app.tokens import Claims, TokenRefused, Verifier
from app.urgent import raises_a_concern


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, in one prison. The role is the database's: the token's role ∩ the row's; so are
    a machine's scopes."""

    prison_id: str
    subject: str
    role: Role
    staff_id: UUID | None = None
    person_id: UUID | None = None
    mentor_id: UUID | None = None
    scopes: frozenset[ClientScope] = frozenset()

    @property
    def family(self) -> Role:
        return self.role.family

    @property
    def permissions(self) -> frozenset[Permission]:
        if self.role is Role.machine:
            return machine_with(self.scopes)
        return GRANTS[self.role]

    def allowed(self, permission: Permission) -> bool:
        return permission in self.permissions

    def scope(self) -> dict[str, Any]:
        """The values of the bind parameters that `scope.narrowed` leaves open."""
        return {
            "actor_prison": self.prison_id,
            "actor_subject": self.subject,
            "actor_staff": self.staff_id,
            "actor_person": self.person_id,
            "actor_mentor": self.mentor_id,
            "actor_now": clock.now(),
        }


def the_system(prison_id: str) -> Actor:
    """The worker and the command line, acting in one prison."""
    return Actor(prison_id, "system", Role.system)


_bearer = HTTPBearer(auto_error=False, scheme_name="bearer", bearerFormat="JWT")


async def claims(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Claims:
    """The verified claims of the request's bearer token."""
    if credentials is None:
        raise Unauthenticated()
    verifier: Verifier = request.app.state.verifier
    try:
        found = verifier.cached(credentials.credentials) or await verifier.verify(
            credentials.credentials
        )
    except TokenRefused as refused:
        raise Unauthenticated(f"The token was refused: {refused.reason}.") from None
    if not raises_a_concern(request):
        limits: Limits = request.app.state.limits
        await limits.spend(Rate.subject, found.subject)
    return found


_WORKING_MENTOR = {
    MentorStatus.approved_conditionally,
    MentorStatus.shadowing,
    MentorStatus.ready_for_sign_off,
    MentorStatus.active,
    MentorStatus.paused,
}


def prisoner_role(status: str | None) -> Role:
    """What a prisoner is to the scheme, by the state of their last record as a mentor, if any."""
    if status in _WORKING_MENTOR:
        return Role.mentor
    return Role.suspended_mentor if status == MentorStatus.suspended else Role.applicant


async def standing(db: Database, prison_id: str, who: Claims) -> Actor | None:
    """Who the bearer is in this prison today, or None: the database row within the token.

    A machine is its registration here, whatever prisons and roles its token names. Raises
    TokenRevoked.
    """
    if who.machine:
        row = await of_machine(db, prison_id, who)
        if row is None:
            return None
        scopes = frozenset(ClientScope(name) for name in row["scopes"] if name in who.scopes)
        return Actor(prison_id, who.subject, Role.machine, scopes=scopes)
    if prison_id not in who.prisons:
        return None
    if who.person_id is not None and Role.mentor in who.roles:
        row = await of_prisoner(db, prison_id, who)
        if row is None:
            return None
        role = prisoner_role(row["status"])
        return Actor(prison_id, who.subject, role, None, row["id"], row["mentor_id"])
    row = await of_staff(db, prison_id, who)
    if row is None:
        return None
    role = Role(row["role"])
    if role not in who.roles and role.family not in who.roles:
        return None
    return Actor(prison_id, who.subject, role, staff_id=row["id"])


async def current_actor(
    prison_id: PathPrison, who: Annotated[Claims, Depends(claims)], db: ReadDb, request: Request
) -> Actor:
    """The actor in the path's prison. Another prison is not there at all: 404."""
    request.state.trail.knows(None, who.subject, who.client_id)
    actor = await standing(db, prison_id, who)
    request.state.trail.knows(actor, who.subject, who.client_id)
    if actor is not None:
        return actor
    if who.machine or prison_id not in who.prisons:
        raise NotFound()
    raise NotAllowed("You have no active record in this prison under the role of your token.")


CurrentActor = Annotated[Actor, Depends(current_actor)]


async def elsewhere(
    actor: CurrentActor, who: Annotated[Claims, Depends(claims)], db: ReadDb
) -> list[Actor]:
    """Who the bearer is in the other prisons that the token names."""
    others = sorted(set(who.prisons) - {actor.prison_id})
    return [found for name in others if (found := await standing(db, name, who)) is not None]


Elsewhere = Annotated[list[Actor], Depends(elsewhere)]


class May:
    """The dependency that proves a permission; shows it to tests and the OpenAPI document."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, actor: CurrentActor) -> Actor:
        if not actor.allowed(self.permission):
            raise NotAllowed()
        return actor


def may(permission: Permission) -> May:
    return May(permission)


class MayOneself:
    """The permission of routes outside any prison: everyone with a valid token has it."""

    permission = P.self_read

    async def __call__(self, who: Annotated[Claims, Depends(claims)], db: ReadDb) -> Claims:
        await unrevoked(db, who)
        return who


class MayByAuthority(MayOneself):
    """A permission outside any prison that the token of a machine carries itself."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, who: Annotated[Claims, Depends(claims)], db: ReadDb) -> Claims:
        await super().__call__(who, db)
        carried = frozenset().union(*(AUTHORITIES.get(role, frozenset()) for role in who.roles))
        if not who.machine or self.permission not in carried:
            raise NotAllowed()
        return who


MayReadSelf = Annotated[Claims, Depends(MayOneself())]
MaySubjectAccess = Annotated[Claims, Depends(MayByAuthority(P.subject_access))]
MayReadPrison = Annotated[Actor, Depends(may(P.prison_read))]
MayWritePrison = Annotated[Actor, Depends(may(P.prison_write))]
MayReadPlace = Annotated[Actor, Depends(may(P.place_read))]
MayReadRoomUse = Annotated[Actor, Depends(may(P.room_use_read))]
MayWritePlace = Annotated[Actor, Depends(may(P.place_write))]
MayReadPerson = Annotated[Actor, Depends(may(P.person_read))]
MayWritePerson = Annotated[Actor, Depends(may(P.person_write))]
MayReadStaff = Annotated[Actor, Depends(may(P.staff_read))]
MayWriteStaff = Annotated[Actor, Depends(may(P.staff_write))]
MayReadDuty = Annotated[Actor, Depends(may(P.duty_read))]
MayWriteDuty = Annotated[Actor, Depends(may(P.duty_write))]
MayOpenStream = Annotated[Actor, Depends(may(P.stream_open))]
MayReadMentor = Annotated[Actor, Depends(may(P.mentor_read))]
MayApply = Annotated[Actor, Depends(may(P.mentor_apply))]
MayMoveMentor = Annotated[Actor, Depends(may(P.mentor_move))]
MayRecordEvidence = Annotated[Actor, Depends(may(P.mentor_evidence))]
MayClear = Annotated[Actor, Depends(may(P.mentor_clear))]
MayCorrectMentor = Annotated[Actor, Depends(may(P.mentor_correct))]
MayReadTraining = Annotated[Actor, Depends(may(P.training_read))]
MayWriteTraining = Annotated[Actor, Depends(may(P.training_write))]
MayReadMentee = Annotated[Actor, Depends(may(P.mentee_read))]
MayRefer = Annotated[Actor, Depends(may(P.mentee_refer))]
MayWriteMentee = Annotated[Actor, Depends(may(P.mentee_write))]
MayReadMenteeHistory = Annotated[Actor, Depends(may(P.mentee_history))]
MayReadPairing = Annotated[Actor, Depends(may(P.pairing_read))]
MayWritePairing = Annotated[Actor, Depends(may(P.pairing_write))]
MayReadSession = Annotated[Actor, Depends(may(P.session_read))]
MayBook = Annotated[Actor, Depends(may(P.session_book))]
MayRecordSession = Annotated[Actor, Depends(may(P.session_record))]
MayNote = Annotated[Actor, Depends(may(P.session_note))]
MayLockDown = Annotated[Actor, Depends(may(P.session_lockdown))]
MayReadSeries = Annotated[Actor, Depends(may(P.series_read))]
MayWriteSeries = Annotated[Actor, Depends(may(P.series_write))]
MayReadEnrolment = Annotated[Actor, Depends(may(P.enrolment_read))]
MayWriteEnrolment = Annotated[Actor, Depends(may(P.enrolment_write))]
MayRaise = Annotated[Actor, Depends(may(P.concern_raise))]
MayReportDeath = Annotated[Actor, Depends(may(P.death_report))]
MayAddend = Annotated[Actor, Depends(may(P.session_addend))]
MayReadAddenda = Annotated[Actor, Depends(may(P.session_addenda_read))]
MayReadHold = Annotated[Actor, Depends(may(P.hold_read))]
MayWriteHold = Annotated[Actor, Depends(may(P.hold_write))]
MayReadChronology = Annotated[Actor, Depends(may(P.chronology_read))]
MayReadRelease = Annotated[Actor, Depends(may(P.release_read))]
MayWriteRelease = Annotated[Actor, Depends(may(P.release_write))]
MayReadConcern = Annotated[Actor, Depends(may(P.concern_read))]
MayWorkConcern = Annotated[Actor, Depends(may(P.concern_work))]
MayRecordSeen = Annotated[Actor, Depends(may(P.concern_seen))]
MayReview = Annotated[Actor, Depends(may(P.concern_review))]
MayMoveConcern = Annotated[Actor, Depends(may(P.concern_move))]
MayImportPeople = Annotated[Actor, Depends(may(P.person_import))]
MayReadClient = Annotated[Actor, Depends(may(P.client_read))]
MayWriteClient = Annotated[Actor, Depends(may(P.client_write))]
MayConfirmClient = Annotated[Actor, Depends(may(P.client_confirm))]
MayReadRevocation = Annotated[Actor, Depends(may(P.revocation_read))]
MayRevoke = Annotated[Actor, Depends(may(P.revocation_write))]
MayExportPseudonymised = Annotated[Actor, Depends(may(P.export_pseudonymised))]
MayExportIdentifiable = Annotated[Actor, Depends(may(P.export_identifiable))]
MayUseExportJobs = Annotated[Actor, Depends(may(P.export_job_use))]
MayReadFhir = Annotated[Actor, Depends(may(P.fhir_read))]
MayReadNotification = Annotated[Actor, Depends(may(P.notification_read))]
MayReadAddress = Annotated[Actor, Depends(may(P.address_read))]
MayWriteAddress = Annotated[Actor, Depends(may(P.address_write))]
MayReadPageTest = Annotated[Actor, Depends(may(P.page_test_read))]
MayWritePageTest = Annotated[Actor, Depends(may(P.page_test_write))]
MayReadWebhook = Annotated[Actor, Depends(may(P.webhook_read))]
MayWriteWebhook = Annotated[Actor, Depends(may(P.webhook_write))]
MayReadAcct = Annotated[Actor, Depends(may(P.acct_read))]
MayWriteAcct = Annotated[Actor, Depends(may(P.acct_write))]
MayReadPermission = Annotated[Actor, Depends(may(P.permission_read))]
MayWritePermission = Annotated[Actor, Depends(may(P.permission_write))]
MayReadTask = Annotated[Actor, Depends(may(P.task_read))]
MayMoveTask = Annotated[Actor, Depends(may(P.task_move))]
MayBreakGlass = Annotated[Actor, Depends(may(P.break_glass_open))]
MayReadGlass = Annotated[Actor, Depends(may(P.break_glass_read))]
MayReviewGlass = Annotated[Actor, Depends(may(P.break_glass_review))]
MayReadCaseload = Annotated[Actor, Depends(may(P.caseload_read))]
MayWriteCaseload = Annotated[Actor, Depends(may(P.caseload_write))]
MayReadClinicalNote = Annotated[Actor, Depends(may(P.clinical_note_read))]
MayWriteClinicalNote = Annotated[Actor, Depends(may(P.clinical_note_write))]
MayReadSafetyPlan = Annotated[Actor, Depends(may(P.safety_plan_read))]
MayWriteSafetyPlan = Annotated[Actor, Depends(may(P.safety_plan_write))]
MayReadVersions = Annotated[Actor, Depends(may(P.text_version_read))]
MayReadAudit = Annotated[Actor, Depends(may(P.audit_read))]
MayReadRetention = Annotated[Actor, Depends(may(P.retention_read))]
MayExportAudit = Annotated[Actor, Depends(may(P.audit_export))]
MayReadCampaign = Annotated[Actor, Depends(may(P.campaign_read))]
MayWriteCampaign = Annotated[Actor, Depends(may(P.campaign_write))]
MayReadStatement = Annotated[Actor, Depends(may(P.statement_read))]
MayWriteStatement = Annotated[Actor, Depends(may(P.statement_write))]
MayReadCharacterReference = Annotated[Actor, Depends(may(P.character_reference_read))]
MayWriteCharacterReference = Annotated[Actor, Depends(may(P.character_reference_write))]
MayReadInterview = Annotated[Actor, Depends(may(P.interview_read))]
MayWriteInterview = Annotated[Actor, Depends(may(P.interview_write))]
MayDecideMentor = Annotated[Actor, Depends(may(P.mentor_decide))]
MayReadAdoption = Annotated[Actor, Depends(may(P.adoption_read))]
MaySignAdoption = Annotated[Actor, Depends(may(P.adoption_sign))]
MayReadClearance = Annotated[Actor, Depends(may(P.clearance_read))]
MayReadPlacement = Annotated[Actor, Depends(may(P.placement_read))]
MayWritePlacement = Annotated[Actor, Depends(may(P.placement_write))]
MayAssessObservation = Annotated[Actor, Depends(may(P.observation_assess))]
MayReadModule = Annotated[Actor, Depends(may(P.module_read))]
MayWriteModule = Annotated[Actor, Depends(may(P.module_write))]
MayReadCohort = Annotated[Actor, Depends(may(P.cohort_read))]
MayWriteCohort = Annotated[Actor, Depends(may(P.cohort_write))]
MayReadSupervision = Annotated[Actor, Depends(may(P.supervision_read))]
MayWriteSupervision = Annotated[Actor, Depends(may(P.supervision_write))]
MaySignSupervision = Annotated[Actor, Depends(may(P.supervision_sign))]
MayReadJointReview = Annotated[Actor, Depends(may(P.joint_review_read))]
MayWriteJointReview = Annotated[Actor, Depends(may(P.joint_review_write))]
MayReadCheckIn = Annotated[Actor, Depends(may(P.check_in_read))]
MayWriteCheckIn = Annotated[Actor, Depends(may(P.check_in_write))]
MayReadBoard = Annotated[Actor, Depends(may(P.board_read))]
MayReadWaitingList = Annotated[Actor, Depends(may(P.waiting_list_read))]
MayReadDemand = Annotated[Actor, Depends(may(P.demand_read))]
MayComplain = Annotated[Actor, Depends(may(P.complaint_raise))]
MayReadComplaint = Annotated[Actor, Depends(may(P.complaint_read))]
MayWorkComplaint = Annotated[Actor, Depends(may(P.complaint_work))]
MayReadGoal = Annotated[Actor, Depends(may(P.goal_read))]
MayWriteGoal = Annotated[Actor, Depends(may(P.goal_write))]
MayReadQuestionnaire = Annotated[Actor, Depends(may(P.questionnaire_read))]
MayWriteQuestionnaire = Annotated[Actor, Depends(may(P.questionnaire_write))]
MayWriteOutcomeCohort = Annotated[Actor, Depends(may(P.outcome_cohort_write))]
MayReadReport = Annotated[Actor, Depends(may(P.report_read))]
MayReadWingPlace = Annotated[Actor, Depends(may(P.wing_place_read))]
MayRequestWingPlace = Annotated[Actor, Depends(may(P.wing_place_request))]
MayWriteWingPlace = Annotated[Actor, Depends(may(P.wing_place_write))]
MayReadOutreach = Annotated[Actor, Depends(may(P.outreach_read))]
MayWriteOutreach = Annotated[Actor, Depends(may(P.outreach_write))]
MayReadEffort = Annotated[Actor, Depends(may(P.effort_read))]
MayWriteEffort = Annotated[Actor, Depends(may(P.effort_write))]
MayMergePeople = Annotated[Actor, Depends(may(P.person_merge))]
MayPrint = Annotated[Actor, Depends(may(P.print_sheet))]
MayPrintWeek = Annotated[Actor, Depends(may(P.print_week))]
MayPrintRota = Annotated[Actor, Depends(may(P.print_rota))]
MayPrintOutage = Annotated[Actor, Depends(may(P.print_outage))]
MayReadFeed = Annotated[Actor, Depends(may(P.calendar_feed_read))]
MayMakeFeed = Annotated[Actor, Depends(may(P.calendar_feed_write))]
MayReadProfile = Annotated[Actor, Depends(may(P.profile_read))]
MayWriteProfile = Annotated[Actor, Depends(may(P.profile_write))]
MayReadAcquaintance = Annotated[Actor, Depends(may(P.acquaintance_read))]
MayDeclareAcquaintance = Annotated[Actor, Depends(may(P.acquaintance_write))]
MayResolveAcquaintance = Annotated[Actor, Depends(may(P.acquaintance_resolve))]
MayImportNonAssociations = Annotated[Actor, Depends(may(P.non_association_import))]
MayCheckPair = Annotated[Actor, Depends(may(P.pair_check))]
MayReadMatch = Annotated[Actor, Depends(may(P.match_read))]
MayProposeMatch = Annotated[Actor, Depends(may(P.match_write))]
MayReadPrisonEvent = Annotated[Actor, Depends(may(P.prison_event_read))]
MayWritePrisonEvent = Annotated[Actor, Depends(may(P.prison_event_write))]
MayImportPrisonEvents = Annotated[Actor, Depends(may(P.prison_event_import))]
MayReadLockdown = Annotated[Actor, Depends(may(P.lockdown_read))]
MayLookIn = Annotated[Actor, Depends(may(P.welfare_check))]
MayReadAvailability = Annotated[Actor, Depends(may(P.availability_read))]
MayWriteAvailability = Annotated[Actor, Depends(may(P.availability_write))]
MayReadRota = Annotated[Actor, Depends(may(P.rota_read))]
MayWriteRota = Annotated[Actor, Depends(may(P.rota_write))]
MayReadShift = Annotated[Actor, Depends(may(P.shift_read))]
MayWriteShift = Annotated[Actor, Depends(may(P.shift_write))]
MayHandOver = Annotated[Actor, Depends(may(P.duty_hand_over))]
MayReadEscalation = Annotated[Actor, Depends(may(P.escalation_read))]
MayWriteEscalation = Annotated[Actor, Depends(may(P.escalation_write))]
MayReadOnDuty = Annotated[Actor, Depends(may(P.on_duty_read))]
MayReadContact = Annotated[Actor, Depends(may(P.contact_read))]
MayAskForContact = Annotated[Actor, Depends(may(P.contact_ask))]
MayAnswerContact = Annotated[Actor, Depends(may(P.contact_answer))]
MayAuthoriseContact = Annotated[Actor, Depends(may(P.contact_authorise))]
MayReadContactFigures = Annotated[Actor, Depends(may(P.contact_figures))]
MayReadAttendanceFigures = Annotated[Actor, Depends(may(P.attendance_figures))]
MayReadConcernFigures = Annotated[Actor, Depends(may(P.concern_figures))]
