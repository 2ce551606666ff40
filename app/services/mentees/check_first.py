"""What a mentor sees of a mentee that staff decide on: the agreed line, and "check with staff".

Both are SQL, the same in a list and for one mentee. "Check with staff" is true for an ACCT and for
a good many harmless things, so that it tells nothing (docs/decisions/0008).
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.models.acct_pointers import AcctPointer, AcctStatus
from app.models.base import TIMESTAMP
from app.models.mentees import Mentee, MenteeStatus
from app.models.moves import History
from app.models.pairings import Pairing, PairingStatus
from app.models.people import Person
from app.models.permissions import Purpose, Recipient
from app.models.sessions import Participation, ParticipationStatus, Session, SessionStatus
from app.ties import not_revoked

NEW = timedelta(days=7)
NOT_MET = timedelta(days=7)
BACK = timedelta(days=7)
CALLED_OFF = timedelta(hours=24)

_NOW: Any = bindparam("actor_now", type_=TIMESTAMP)
_MY_MENTOR: Any = bindparam("actor_mentor")
_OUT = (MenteeStatus.paused.value, MenteeStatus.stepped_up.value)


def _any(found: Select[Any]) -> ColumnElement[bool]:
    return found.correlate(Mentee).exists()


_on_acct = _any(
    select(literal(1)).where(
        col(AcctPointer.prison_id) == col(Mentee.prison_id),
        col(AcctPointer.person_id) == col(Mentee.person_id),
        col(AcctPointer.status) != AcctStatus.closed,
    )
)
_marked = and_(col(Mentee.check_first_until).is_not(None), col(Mentee.check_first_until) > _NOW)
_new_to_each_other = _any(
    select(literal(1)).where(
        col(Pairing.prison_id) == col(Mentee.prison_id),
        col(Pairing.mentee_id) == col(Mentee.id),
        col(Pairing.mentor_id) == _MY_MENTOR,
        col(Pairing.status) == PairingStatus.live,
        col(Pairing.recorded_at) > _NOW - NEW,
    )
)
_my_sessions = select(col(Session.id)).where(
    col(Session.prison_id) == bindparam("actor_prison"), col(Session.mentor_id) == _MY_MENTOR
)
_lately = _my_sessions.where(col(Session.ends_at) > _NOW - NOT_MET)
_cancelled_just_now = (
    select(literal(1))
    .where(
        col(History.prison_id) == col(Session.prison_id),
        col(History.thing_id) == col(Session.id),
        col(History.to_state) == SessionStatus.cancelled.value,
        col(History.recorded_at) > _NOW - CALLED_OFF,
    )
    .correlate(Session)
    .exists()
)
_cancelled = _my_sessions.where(col(Session.status) == SessionStatus.cancelled, _cancelled_just_now)
_met = _any(
    select(literal(1)).where(
        col(Participation.prison_id) == col(Mentee.prison_id),
        col(Participation.mentee_id) == col(Mentee.id),
        col(Participation.status) == ParticipationStatus.attended,
        col(Participation.session_id).in_(_lately),
    )
)
_called_off = _any(
    select(literal(1)).where(
        col(Participation.prison_id) == col(Mentee.prison_id),
        col(Participation.mentee_id) == col(Mentee.id),
        col(Participation.session_id).in_(_cancelled),
    )
)
_back_in_support = _any(
    select(literal(1)).where(
        col(History.prison_id) == col(Mentee.prison_id),
        col(History.thing_id) == col(Mentee.id),
        col(History.from_state).in_(_OUT),
        col(History.to_state) == MenteeStatus.engaged.value,
        col(History.recorded_at) > _NOW - BACK,
    )
)
_back_in_prison = _any(
    select(literal(1)).where(
        col(Person.prison_id) == col(Mentee.prison_id),
        col(Person.id) == col(Mentee.person_id),
        col(Person.came_back_at) > _NOW - BACK,
    )
)

CHECK_WITH_STAFF = or_(
    _on_acct,
    _marked,
    _new_to_each_other,
    ~_met,
    _called_off,
    _back_in_support,
    _back_in_prison,
)
AGREED_LINE = case(
    (
        not_revoked(col(Mentee.person_id), Recipient.mentor, Purpose.peer_support),
        col(Mentee.agreed_line),
    ),
    else_=None,
)


async def for_mentor(db: AsyncSession, mentee: Mentee, actor: Actor) -> dict[str, Any]:
    """Both fields for one mentee, as their mentor sees them."""
    found = select(CHECK_WITH_STAFF.label("check_with_staff"), AGREED_LINE.label("agreed_line"))
    this = found.where(col(Mentee.prison_id) == actor.prison_id, col(Mentee.id) == mentee.id)
    return dict((await db.execute(this, actor.scope())).one()._mapping)
