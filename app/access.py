"""Access on one page: who someone is, and what their role may do.

Three locks stand behind each other: the permission of the route (`may`, here), the scope in the
query (`visible`, in `app/scope.py`), and row-level security by prison in the database.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app import clock
from app.db import PathPrison, ReadDb
from app.errors import NotAllowed, NotFound, Unauthenticated
from app.models.mentors import MentorStatus
from app.models.staff import Role
from app.tokens import Claims, TokenRefused, Verifier


class Permission(StrEnum):
    """Everything a route may ask for."""

    self_read = "self_read"
    prison_read = "prison_read"
    prison_write = "prison_write"
    place_read = "place_read"
    place_write = "place_write"
    person_read = "person_read"
    person_write = "person_write"
    staff_read = "staff_read"
    staff_write = "staff_write"
    duty_read = "duty_read"
    duty_write = "duty_write"
    mentor_read = "mentor_read"
    mentor_apply = "mentor_apply"
    mentor_move = "mentor_move"
    mentor_evidence = "mentor_evidence"
    mentor_clear = "mentor_clear"
    mentor_correct = "mentor_correct"
    training_read = "training_read"
    training_write = "training_write"
    mentee_read = "mentee_read"
    mentee_refer = "mentee_refer"
    mentee_write = "mentee_write"
    mentee_history = "mentee_history"
    pairing_read = "pairing_read"
    pairing_write = "pairing_write"
    session_read = "session_read"
    session_book = "session_book"
    session_record = "session_record"
    session_note = "session_note"
    session_lockdown = "session_lockdown"
    concern_raise = "concern_raise"
    concern_read = "concern_read"
    concern_work = "concern_work"
    concern_seen = "concern_seen"
    concern_review = "concern_review"
    concern_move = "concern_move"
    notification_read = "notification_read"


P = Permission

_EVERYONE = {P.self_read, P.concern_raise, P.concern_read}
_STAFF = _EVERYONE | {P.prison_read, P.place_read, P.staff_read, P.duty_read, P.notification_read}
_CARE = _STAFF | {
    P.person_read,
    P.mentor_read,
    P.mentor_move,
    P.mentor_correct,
    P.training_read,
    P.mentee_read,
    P.mentee_refer,
    P.mentee_write,
    P.mentee_history,
    P.pairing_read,
    P.session_read,
    P.concern_work,
    P.concern_seen,
    P.concern_review,
    P.concern_move,
}
_CLINICIAN = _CARE | {P.training_write, P.duty_write}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.support_worker: frozenset(
        _CARE
        | {P.place_write, P.person_write, P.duty_write, P.mentor_apply, P.mentor_evidence}
        | {P.pairing_write, P.session_book, P.session_record}
        | {P.session_lockdown}
    ),
    Role.wing_duty: frozenset(
        _STAFF
        | {P.person_read, P.concern_work, P.concern_seen, P.session_read, P.session_record}
        | {P.mentee_refer}
    ),
    Role.mentor: frozenset(
        _EVERYONE
        | {P.place_read, P.person_read, P.mentor_read, P.mentor_apply, P.mentor_move}
        | {P.training_read, P.mentee_read, P.pairing_read, P.duty_read}
        | {P.session_read, P.session_book, P.session_record, P.session_note}
    ),
    Role.suspended_mentor: frozenset({P.self_read, P.concern_raise, P.concern_read}),
    Role.applicant: frozenset(_EVERYONE | {P.mentor_read, P.mentor_apply, P.mentor_move}),
    Role.clinician: frozenset(_CLINICIAN),
    Role.nurse: frozenset(_CLINICIAN),
    Role.mental_health_lead: frozenset(_CLINICIAN | {P.staff_write}),
    Role.governor: frozenset(
        _STAFF
        | {P.prison_write, P.place_write, P.person_read, P.staff_write, P.duty_write}
        | {P.mentor_read, P.mentor_move, P.mentor_clear, P.mentor_correct, P.training_read}
        | {P.mentee_read, P.mentee_history, P.pairing_read}
        | {P.concern_work, P.concern_seen, P.concern_review, P.concern_move}
    ),
    Role.system: frozenset(),
}

# Operations that need no token, each with its reason (tested against the OpenAPI document).
PUBLIC = {
    "health": "load balancers",
    "escalation_health": "the dead man's switch must be readable when all else fails",
    "jwks": "public keys of the development issuer",
    "issue_development_token": "absent from production",
    "move_development_clock": "absent from production",
    "read_development_clock": "absent from production",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, in one prison. The role is the database's: the token's role ∩ the row's."""

    prison_id: str
    subject: str
    role: Role
    staff_id: UUID | None = None
    person_id: UUID | None = None
    mentor_id: UUID | None = None

    @property
    def family(self) -> Role:
        return self.role.family

    def allowed(self, permission: Permission) -> bool:
        return permission in GRANTS[self.role]

    def scope(self) -> dict[str, Any]:
        """The values of the bind parameters that `scope.narrowed` leaves open."""
        return {
            "actor_prison": self.prison_id,
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
        return verifier.cached(credentials.credentials) or await verifier.verify(
            credentials.credentials
        )
    except TokenRefused as refused:
        raise Unauthenticated(f"The token was refused: {refused.reason}.") from None


_STAFF_STANDING = "SELECT id, role FROM staff WHERE prison_id = $1 AND subject = $2 AND active"
_PRISONER_STANDING = """
    SELECT p.id, m.id AS mentor_id, m.status
    FROM person p
    LEFT JOIN LATERAL (
        SELECT id, status FROM mentor
        WHERE prison_id = p.prison_id AND person_id = p.id ORDER BY recorded_at DESC LIMIT 1
    ) m ON true
    WHERE p.prison_id = $1 AND p.id = $2 AND p.presence <> 'left'
"""
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


async def standing(db: ReadDb, prison_id: str, who: Claims) -> Actor | None:
    """Who the bearer is in this prison today, or None: the database row within the token."""
    if prison_id not in who.prisons:
        return None
    if who.person_id is not None and Role.mentor in who.roles:
        row = await db.fetchrow(prison_id, _PRISONER_STANDING, prison_id, who.person_id)
        if row is None:
            return None
        role = prisoner_role(row["status"])
        return Actor(prison_id, who.subject, role, None, row["id"], row["mentor_id"])
    row = await db.fetchrow(prison_id, _STAFF_STANDING, prison_id, who.subject)
    if row is None:
        return None
    role = Role(row["role"])
    if role not in who.roles and role.family not in who.roles:
        return None
    return Actor(prison_id, who.subject, role, staff_id=row["id"])


async def current_actor(
    prison_id: PathPrison, who: Annotated[Claims, Depends(claims)], db: ReadDb
) -> Actor:
    """The actor in the path's prison. Another prison is not there at all: 404."""
    actor = await standing(db, prison_id, who)
    if actor is not None:
        return actor
    if prison_id not in who.prisons:
        raise NotFound()
    raise NotAllowed("You have no active record in this prison under the role of your token.")


CurrentActor = Annotated[Actor, Depends(current_actor)]


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

    async def __call__(self, who: Annotated[Claims, Depends(claims)]) -> Claims:
        return who


MayReadSelf = Annotated[Claims, Depends(MayOneself())]
MayReadPrison = Annotated[Actor, Depends(may(P.prison_read))]
MayWritePrison = Annotated[Actor, Depends(may(P.prison_write))]
MayReadPlace = Annotated[Actor, Depends(may(P.place_read))]
MayWritePlace = Annotated[Actor, Depends(may(P.place_write))]
MayReadPerson = Annotated[Actor, Depends(may(P.person_read))]
MayWritePerson = Annotated[Actor, Depends(may(P.person_write))]
MayReadStaff = Annotated[Actor, Depends(may(P.staff_read))]
MayWriteStaff = Annotated[Actor, Depends(may(P.staff_write))]
MayReadDuty = Annotated[Actor, Depends(may(P.duty_read))]
MayWriteDuty = Annotated[Actor, Depends(may(P.duty_write))]
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
MayRaise = Annotated[Actor, Depends(may(P.concern_raise))]
MayReadConcern = Annotated[Actor, Depends(may(P.concern_read))]
MayWorkConcern = Annotated[Actor, Depends(may(P.concern_work))]
MayRecordSeen = Annotated[Actor, Depends(may(P.concern_seen))]
MayReview = Annotated[Actor, Depends(may(P.concern_review))]
MayMoveConcern = Annotated[Actor, Depends(may(P.concern_move))]
MayReadNotification = Annotated[Actor, Depends(may(P.notification_read))]
