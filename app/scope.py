"""Which rows an actor may see: the second lock, in the query itself.

`visible(Mentor, actor)` narrows by prison, role and relationship. What is out of scope is not
there: 404, and absent from lists and counts. A test forbids plain `select(Mentor)` elsewhere.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col

from app.access import Actor
from app.errors import Invalid, NotFound
from app.models.concerns import Action, Addendum, Concern, ConcernKind
from app.models.duties import Duty
from app.models.mentees import Mentee
from app.models.mentors import Mentor, Observation
from app.models.moves import History
from app.models.notifications import Notification
from app.models.pairings import Pairing, PairingStatus
from app.models.people import Person
from app.models.regimes import Regime
from app.models.rooms import Room
from app.models.sessions import Participation, Session, SessionStatus
from app.models.staff import Role, Staff
from app.models.trainings import Training
from app.models.wings import Wing
from app.services.escalation import Immediacy

T = TypeVar("T", bound=SQLModel)
Narrowing = Callable[[Role], ColumnElement[bool]]

_MY_STAFF: BindParameter[Any] = bindparam("actor_staff")
_MY_PERSON: BindParameter[Any] = bindparam("actor_person")
_MY_MENTOR: BindParameter[Any] = bindparam("actor_mentor")
_NOW: BindParameter[Any] = bindparam("actor_now")


def _my_mentees() -> Any:
    """Mentees of the mentor's live pairings."""
    return select(col(Pairing.mentee_id)).where(
        col(Pairing.prison_id) == bindparam("actor_prison"),
        col(Pairing.mentor_id) == _MY_MENTOR,
        col(Pairing.status) == PairingStatus.live,
    )


def _my_participations() -> ColumnElement[bool]:
    """Who comes to the mentor's own sessions; once those are closed, only mentees still theirs."""
    session = aliased(Session)
    mine = select(col(session.id)).where(
        col(session.prison_id) == bindparam("actor_prison"), col(session.mentor_id) == _MY_MENTOR
    )
    still_open = mine.where(
        col(session.status) != SessionStatus.locked, col(session.status) != SessionStatus.cancelled
    )
    return or_(
        col(Participation.session_id).in_(still_open),
        and_(
            col(Participation.session_id).in_(mine),
            col(Participation.mentee_id).in_(_my_mentees()),
        ),
    )


def _all_for_staff(own: ColumnElement[bool]) -> Narrowing:
    """Staff see every row of the prison, a mentor only `own`."""
    return lambda role: own if role.family is Role.mentor else true()


def _only_staff(role: Role) -> ColumnElement[bool]:
    return false() if role.family is Role.mentor else true()


def _everyone(_: Role) -> ColumnElement[bool]:
    return true()


def _concerns(role: Role) -> ColumnElement[bool]:
    """Nobody sees a concern about themselves or a mentor of theirs; the rest by routing."""
    if role.family is Role.mentor:
        return col(Concern.raised_by_person_id) == _MY_PERSON
    about, line = col(Concern.about_staff_id), col(Concern.about_line_id)
    not_about_me = and_(about.is_distinct_from(_MY_STAFF), line.is_distinct_from(_MY_STAFF))
    governors_only = or_(
        about.is_not(None),
        col(Concern.about_staff_as_told).is_not(None),
        col(Concern.kind) == ConcernKind.security_matter,
    )
    if role is Role.governor:
        ended = func.coalesce(col(Concern.closed_at), _NOW)
        breached = or_(  # and stays so when it is done late
            func.coalesce(col(Concern.acknowledged_at), ended) > col(Concern.acknowledge_by),
            func.coalesce(col(Concern.seen_at), ended) > col(Concern.seen_by),
            func.coalesce(col(Concern.decided_at), ended) > col(Concern.decide_by),
        )
        routed = or_(col(Concern.about_mentor), governors_only)
        paged = col(Concern.id).in_(
            select(col(Notification.concern_id)).where(
                col(Notification.prison_id) == bindparam("actor_prison"),
                col(Notification.staff_id) == _MY_STAFF,
            )
        )
        urgent = col(Concern.immediacy) == Immediacy.now
        return and_(not_about_me, or_(urgent, breached, routed, paged))
    if role.family is Role.clinician:
        routed_here = or_(
            and_(~governors_only, ~col(Concern.about_mentor)),
            col(Concern.kind).in_(["safeguarding", "coercion_of_mentor"]),
        )
        return and_(not_about_me, routed_here)
    return and_(not_about_me, ~governors_only)


NARROWINGS: dict[type[SQLModel], Narrowing] = {
    Wing: _everyone,
    Room: _everyone,
    Regime: _everyone,
    Duty: _only_staff,
    Staff: _only_staff,
    Person: _all_for_staff(
        or_(
            col(Person.id) == _MY_PERSON,
            col(Person.id).in_(
                select(col(Mentee.person_id)).where(
                    col(Mentee.prison_id) == bindparam("actor_prison"),
                    col(Mentee.id).in_(_my_mentees()),
                )
            ),
        )
    ),
    Mentor: _all_for_staff(col(Mentor.person_id) == _MY_PERSON),
    Observation: _all_for_staff(col(Observation.mentor_id) == _MY_MENTOR),
    Training: _all_for_staff(col(Training.mentor_id) == _MY_MENTOR),
    Mentee: _all_for_staff(col(Mentee.id).in_(_my_mentees())),
    Pairing: _all_for_staff(
        and_(col(Pairing.mentor_id) == _MY_MENTOR, col(Pairing.status) != PairingStatus.ended)
    ),
    Session: _all_for_staff(col(Session.mentor_id) == _MY_MENTOR),
    Participation: _all_for_staff(_my_participations()),
    Concern: _concerns,
    Action: _only_staff,
    Addendum: _only_staff,
    Notification: lambda role: col(Notification.staff_id) == _MY_STAFF,
    History: _everyone,
}


def narrowed(model: type[T], role: Role) -> Select[T]:
    """The rows of `model` that `role` may see, with the actor left open as bind parameters."""
    in_prison: ColumnElement[bool] = model.prison_id == bindparam("actor_prison")  # type: ignore[attr-defined]
    return select(model).where(in_prison, NARROWINGS[model](role))


def visible(model: type[T], actor: Actor) -> Select[T]:
    """The rows of `model` that this actor may see. Every other select is refused by a test."""
    return narrowed(model, actor.role).params(actor.scope())


def everything(model: type[T], prison_id: str) -> Select[T]:
    """Every row of `model` in the prison: for guards and the worker, never for an answer."""
    return select(model).where(model.prison_id == prison_id)  # type: ignore[attr-defined]


async def load(db: AsyncSession, model: type[T], actor: Actor, row_id: UUID, *, lock: bool) -> T:
    """The row with this id that the actor may see; NotFound when there is none."""
    found = visible(model, actor).where(model.id == row_id)  # type: ignore[attr-defined]
    if lock:
        found = found.with_for_update()
    row = (await db.execute(found)).scalar_one_or_none()
    if row is None:
        raise NotFound()
    return row


async def referred(db: AsyncSession, model: type[T], prison_id: str, row_id: UUID, name: str) -> T:
    """The row a body refers to by the field `name`; Invalid, naming the field, when absent."""
    found = everything(model, prison_id).where(model.id == row_id)  # type: ignore[attr-defined]
    row = (await db.execute(found)).scalar_one_or_none()
    if row is None:
        raise Invalid.field(name, "unknown", f"there is no such {model.__name__.lower()} here")
    return row
