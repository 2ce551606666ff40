"""Of two live records of what turned out to be one person, which stays. Pure.

The strictest or the furthest stays: nobody's suspension is merged away, and nobody in support is
set back to waiting. Between equals the older stays.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from app.models.acct_pointers import AcctStatus
from app.models.legal_holds import HoldStatus
from app.models.mentees import MenteeStatus
from app.models.mentors import MentorStatus
from app.models.wing_places import WingPlaceStatus

T = TypeVar("T")
M, E, P = MentorStatus, MenteeStatus, WingPlaceStatus

MENTORS = (
    M.suspended,
    M.active,
    M.paused,
    M.ready_for_sign_off,
    M.shadowing,
    M.approved_conditionally,
    M.governor_review,
    M.appealed,
    M.interviewed,
    M.screened,
    M.submitted,
    M.draft,
)
MENTEES = (
    E.stepped_up,
    E.engaged,
    E.paused,
    E.offered,
    E.waiting,
    E.accepted,
    E.triage,
    E.referred,
    E.self_referred,
)
PLACES = (P.resident, P.allocated, P.waiting, P.requested)
ACCTS = (AcctStatus.open, AcctStatus.post_closure)
HOLDS = (HoldStatus.placed, HoldStatus.lift_asked)


def _age(thing: Any) -> tuple[Any, ...]:
    return thing.recorded_at, thing.id


def mentor_key(mentor: Any) -> tuple[Any, ...]:
    """The mentor with the least key stays; of two suspended the one who had come further."""
    came_from = mentor.suspended_from
    reached = MENTORS.index(came_from) if came_from in MENTORS else len(MENTORS)
    return MENTORS.index(mentor.status), reached, *_age(mentor)


def mentee_key(mentee: Any) -> tuple[Any, ...]:
    return MENTEES.index(mentee.status), *_age(mentee)


def place_key(place: Any) -> tuple[Any, ...]:
    return PLACES.index(place.status), place.requested_at, *_age(place)


def acct_key(pointer: Any) -> tuple[Any, ...]:
    return ACCTS.index(pointer.status), *_age(pointer)


def hold_key(hold: Any) -> tuple[Any, ...]:
    """A hold that nobody asks to lift is the stricter."""
    return HOLDS.index(hold.status), *_age(hold)


def older(thing: Any) -> tuple[Any, ...]:
    return _age(thing)


def stays(one: T, other: T, key: Callable[[T], tuple[Any, ...]]) -> tuple[T, T]:
    """The one that stays, and the one that ends."""
    first, last = sorted((one, other), key=key)
    return first, last
