"""Which rows an actor may see: the second lock, in the query itself.

`visible(Mentor, actor)` narrows by prison, role and relationship. What is out of scope is not
there: 404, and absent from lists and counts. A test forbids plain `select(Mentor)` elsewhere.
"""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col

from app.access import Actor
from app.clinical_scope import CLINICAL
from app.concern_scope import (
    audit,
    concerns,
    countable,
    deliveries,
    for_machines,
    pages,
    tasks,
    welfare_checks,
)
from app.errors import Invalid, NotFound
from app.models.acct_pointers import AcctPointer
from app.models.addresses import Address
from app.models.audit import AuditEntry
from app.models.break_glass import BreakGlass
from app.models.clients import Client
from app.models.concerns import Action, Addendum, Concern
from app.models.deaths import Death
from app.models.deliveries import Delivery
from app.models.duties import Duty, DutyOverride, Post
from app.models.duty_patterns import DutyPattern
from app.models.escalation_policies import EscalationPolicy
from app.models.explanations import Explanation
from app.models.export_jobs import ExportJob
from app.models.former_values import FormerValue
from app.models.handovers import Handover, HandoverItem
from app.models.legal_holds import HoldStatus, LegalHold
from app.models.lockdowns import Lockdown, LockdownSession, WelfareCheck
from app.models.mentees import Mentee
from app.models.mentors import Mentor, Observation
from app.models.moves import History
from app.models.notifications import Notification
from app.models.page_tests import PageTest
from app.models.pairings import Pairing, PairingStatus
from app.models.people import Person
from app.models.permissions import SharingPermission
from app.models.regime_exceptions import RegimeException
from app.models.regimes import Regime
from app.models.releases import Release
from app.models.revocations import Revocation
from app.models.room_closures import RoomClosure
from app.models.rooms import Room
from app.models.sessions import Participation, Session, SessionStatus
from app.models.software import Outage
from app.models.staff import Role, Staff
from app.models.streams import StreamTicket
from app.models.tasks import Task
from app.models.trainings import Training
from app.models.webhooks import Webhook, WebhookDelivery
from app.models.wings import Wing
from app.programme_scope import PROGRAMME
from app.ties import (
    HERE,
    MY_MENTOR,
    MY_PERSON,
    MY_STAFF,
    MY_SUBJECT,
    NOW,
    my_mentees,
    still_here,
)

T = TypeVar("T", bound=SQLModel)
Narrowing = Callable[[Role], ColumnElement[bool]]


def _my_participations() -> ColumnElement[bool]:
    """Who comes to the mentor's own sessions. Once a session is closed, a pairing is over or the
    person has left, only those who are still their mentees."""
    session = aliased(Session)
    mine = select(col(session.id)).where(
        col(session.prison_id) == bindparam("actor_prison"), col(session.mentor_id) == MY_MENTOR
    )
    still_open = mine.where(
        col(session.status) != SessionStatus.locked, col(session.status) != SessionStatus.cancelled
    )
    over = select(literal(1)).where(
        col(Pairing.prison_id) == HERE,
        col(Pairing.mentor_id) == MY_MENTOR,
        col(Pairing.mentee_id) == col(Participation.mentee_id),
        col(Pairing.status) != PairingStatus.live,
        func.coalesce(col(Pairing.ended_at), NOW) >= col(Participation.recorded_at),
    )
    return or_(
        and_(
            col(Participation.session_id).in_(still_open),
            still_here(col(Participation.mentee_id)),
            ~over.correlate(Participation).exists(),
        ),
        and_(
            col(Participation.session_id).in_(mine),
            col(Participation.mentee_id).in_(my_mentees()),
        ),
    )


def _broken_glass(role: Role) -> ColumnElement[bool]:
    """Clinicians see their own, their lead all; governors, who review, all but their own."""
    own = col(BreakGlass.staff_id) == MY_STAFF
    if role is Role.governor:
        return col(BreakGlass.staff_id).is_distinct_from(MY_STAFF)
    if role is Role.mental_health_lead:
        return true()
    return own if role.family is Role.clinician else false()


def _all_for_staff(own: ColumnElement[bool]) -> Narrowing:
    """Staff see every row of the prison, a mentor only `own`."""
    return lambda role: own if role.family is Role.mentor else true()


def _only_staff(role: Role) -> ColumnElement[bool]:
    return false() if role.family is Role.mentor else true()


def _everyone(_: Role) -> ColumnElement[bool]:
    return true()


def _addresses(role: Role) -> ColumnElement[bool]:
    """Staff see their own; governors of everybody that there is one."""
    if role.family is Role.mentor:
        return false()
    return true() if role is Role.governor else col(Address.staff_id) == MY_STAFF


def _revocations(role: Role) -> ColumnElement[bool]:
    """Governors see the prison's, but not those of their own tokens."""
    others = col(Revocation.subject).is_distinct_from(MY_SUBJECT)
    return others if role is Role.governor else false()


def _holds(role: Role) -> ColumnElement[bool]:
    """Those who place and lift them see all; those who work with the person, that one stands."""
    if role in {Role.governor, Role.mental_health_lead}:
        return true()
    works_here = role is Role.support_worker or role.family is Role.clinician
    return col(LegalHold.status) != HoldStatus.lifted if works_here else false()


def _handovers(role: Role) -> ColumnElement[bool]:
    """The two of it; and clinicians those of their post, whose notes are of patients."""
    if role.family is Role.mentor:
        return false()
    mine = or_(col(Handover.from_staff_id) == MY_STAFF, col(Handover.to_staff_id) == MY_STAFF)
    of_clinicians = col(Handover.post) == Post.clinician
    return or_(mine, of_clinicians) if role.family is Role.clinician else mine


def _both_sides(role: Role) -> ColumnElement[bool]:
    return true() if role in {Role.governor, Role.mental_health_lead} else false()


def _only_governors(role: Role) -> ColumnElement[bool]:
    return true() if role is Role.governor else false()


def _nobody(_: Role) -> ColumnElement[bool]:
    return false()


NARROWINGS: dict[type[SQLModel], Narrowing] = {
    Wing: _everyone,
    Room: _everyone,
    Regime: _everyone,
    RegimeException: _everyone,
    RoomClosure: _everyone,
    Lockdown: _only_staff,
    LockdownSession: _only_staff,
    WelfareCheck: welfare_checks,
    Duty: _only_staff,
    DutyOverride: _only_staff,
    DutyPattern: _only_staff,
    EscalationPolicy: _only_staff,
    Handover: _handovers,
    HandoverItem: _nobody,  # shown with the concern, as far as one may read that
    Staff: _only_staff,
    Mentor: _all_for_staff(col(Mentor.person_id) == MY_PERSON),
    Observation: _all_for_staff(col(Observation.mentor_id) == MY_MENTOR),
    Training: _all_for_staff(col(Training.mentor_id) == MY_MENTOR),
    Mentee: _all_for_staff(col(Mentee.id).in_(my_mentees())),
    Pairing: _all_for_staff(
        and_(
            col(Pairing.mentor_id) == MY_MENTOR,
            col(Pairing.status) == PairingStatus.live,
            still_here(col(Pairing.mentee_id)),
        )
    ),
    Session: _all_for_staff(col(Session.mentor_id) == MY_MENTOR),
    Participation: _all_for_staff(_my_participations()),
    Concern: concerns,
    Action: _only_staff,
    Addendum: _only_staff,
    Notification: pages,
    Delivery: deliveries,
    Address: _addresses,
    PageTest: _only_governors,
    Webhook: _only_governors,
    WebhookDelivery: _only_governors,
    BreakGlass: _broken_glass,
    Task: tasks,
    History: _everyone,
    AuditEntry: audit,
    AcctPointer: _only_staff,
    SharingPermission: _only_staff,
    Explanation: _only_staff,
    Death: _only_staff,
    LegalHold: _holds,
    Release: _both_sides,
    StreamTicket: _nobody,
    ExportJob: _nobody,  # but the client that asked
    FormerValue: _nobody,  # told in a chronology, which has rules of its own
    Outage: _nobody,
    Client: _both_sides,
    Revocation: _revocations,
    **CLINICAL,
    **PROGRAMME,
}


FOR_MACHINES: dict[type[SQLModel], Callable[[], ColumnElement[bool]]] = {
    Concern: for_machines,
    ExportJob: lambda: col(ExportJob.subject) == MY_SUBJECT,
}
"""The only rows that a machine reads, by its scopes; of every other table it sees none."""


def narrowing(model: type[SQLModel], role: Role) -> ColumnElement[bool]:
    """Which rows of a prison's `model` the role may see."""
    if role is Role.machine:
        return FOR_MACHINES.get(model, false)()
    return NARROWINGS[model](role)


def narrowed(model: type[T], role: Role) -> Select[T]:
    """The rows of `model` that `role` may see, with the actor left open as bind parameters."""
    in_prison: ColumnElement[bool] = model.prison_id == bindparam("actor_prison")  # type: ignore[attr-defined]
    return select(model).where(in_prison, narrowing(model, role))


def visible(model: type[T], actor: Actor) -> Select[T]:
    """The rows of `model` that this actor may see. Every other select is refused by a test."""
    return narrowed(model, actor.role).params(actor.scope())


def everything(model: type[T], prison_id: str) -> Select[T]:
    """Every row of `model` in the prison: for guards and the worker, never for an answer."""
    return select(model).where(model.prison_id == prison_id)  # type: ignore[attr-defined]


def countable_concerns(actor: Actor) -> Select[Concern]:
    """The concerns that this actor's figures are made of: for counts, never for an answer."""
    here = everything(Concern, actor.prison_id)
    return here.where(countable(actor.role)).params(actor.scope())


async def load(db: AsyncSession, model: type[T], actor: Actor, row_id: UUID, *, lock: bool) -> T:
    """The row with this id that the actor may see; NotFound when there is none."""
    found = visible(model, actor).where(model.id == row_id)  # type: ignore[attr-defined]
    if lock:
        found = found.with_for_update()
    row = (await db.execute(found)).scalar_one_or_none()
    if row is None:
        raise NotFound()
    if getattr(row, "urgent", False):
        db.info["urgent"] = True
    return row


async def referred(db: AsyncSession, model: type[T], prison_id: str, row_id: UUID, name: str) -> T:
    """The row a body refers to by the field `name`; Invalid, naming the field, when absent."""
    found = everything(model, prison_id).where(model.id == row_id)  # type: ignore[attr-defined]
    row = (await db.execute(found)).scalar_one_or_none()
    if row is None:
        raise Invalid.field(name, "unknown", f"there is no such {model.__name__.lower()} here")
    if isinstance(row, Person) and row.merged_into is not None:
        message = f"two numbers were one person, who is {row.merged_into}"
        raise Invalid.field(name, "merged", message)
    return row
