"""Who must be told about a concern, and when next. Pure: the caller loads the facts, passes `now`.

The ladder of steps repeats for ever and ends in a last resort: an open concern always has a next
step. Sources: the immediacy table of the domain, and the policy's ladders (`ladders`). Times are
aware UTC; a naive time is a ValueError.
"""

import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from app.services.ladders import Immediacy as Immediacy
from app.services.ladders import Ladder, Policy, PolicyStep, Stricter, Target
from app.services.working_days import LONDON, Zone, close_of_day, local_date, utc


class Why(StrEnum):
    """What has not happened yet: the reason for a step, and all that a page may say of it."""

    not_acknowledged = "not_acknowledged"
    not_accepted = "not_accepted"  # acknowledged, but by no one on duty
    not_handed_over = "not_handed_over"  # accepted, but no officer has been told by word of mouth
    not_seen = "not_seen"
    not_decided = "not_decided"
    not_closed = "not_closed"


WHEN_MISSING = Immediacy.this_session
MENTOR_CHOICES: Mapping[str, Immediacy] = {
    "right_now": Immediacy.now,
    "today": Immediacy.this_session,
    "can_wait_a_day": Immediacy.within_24h,
}

_GRADE = re.compile(
    r"\d+|low(er)?|med(ium)?|moderate|high(er)?|elevated|significant|severe|extreme|critical"
    r"|red|amber|yellow|orange|green|rag|risky?"
)
_FILLER = re.compile(r"very|no|at|of|is|the|level|score|rating|band|grade|out|to")


def is_risk_word(text: str) -> bool:
    """Whether a field's whole value grades risk ("high", "Amber", "medium risk", "7/10").

    No risk scores, no low, medium or high: NICE NG225. For the value of a field, not for a story:
    "low mood" is none.
    """
    words = re.findall(r"[a-z]+|\d+", text.casefold())
    rest = [w for w in words if not _GRADE.fullmatch(w)]
    return len(rest) < len(words) and all(map(_FILLER.fullmatch, rest))


def strictest(a: Immediacy, *others: Immediacy) -> Immediacy:
    """The one that asks for a person soonest."""
    return min((a, *others), key=list(Immediacy).index)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The three deadlines of a concern, wall clock, which no lockdown moves."""

    acknowledge_by: datetime
    seen_by: datetime
    decide_by: datetime


def clocks(
    immediacy: Immediacy,
    raised_at: datetime,
    lock_up: datetime | None = None,
    zone: Zone = LONDON,
    stricter: Stricter | None = None,
) -> Clocks:
    """The deadlines of the domain's immediacy table, or the prison's own where they are earlier.

    `lock_up` is the next one of the regime, if any is configured: this_session must be seen by
    then, unless it is less than 1 h away, when the person is seen at the door within 4 h.
    """
    table, at = _by_the_table(immediacy, raised_at, lock_up, zone), utc(raised_at)
    if stricter is None:
        return table
    by_table = astuple(table)
    own = (stricter.acknowledge_minutes, stricter.seen_minutes, stricter.decided_minutes)
    times = (
        at + timedelta(minutes=each) if each else by for each, by in zip(own, by_table, strict=True)
    )
    return merge_clocks(table, Clocks(*times))


def _by_the_table(
    immediacy: Immediacy, raised_at: datetime, lock_up: datetime | None, zone: Zone
) -> Clocks:
    at, hour = utc(raised_at), timedelta(hours=1)
    match immediacy:
        case Immediacy.now:
            return Clocks(at + timedelta(minutes=15), at + hour, at + hour)
        case Immediacy.this_session:
            seen_by = at + 4 * hour
            if lock_up is not None and utc(lock_up) >= at + hour:
                seen_by = min(seen_by, utc(lock_up))
            return Clocks(at + hour, seen_by, at + 24 * hour)
        case Immediacy.within_24h:
            return Clocks(at + 4 * hour, at + 24 * hour, at + 72 * hour)
        case Immediacy.routine:
            tomorrow = close_of_day(local_date(at, zone) + timedelta(days=1), zone)
            return Clocks(tomorrow, at + timedelta(days=7), at + timedelta(days=7))


def merge_clocks(a: Clocks, b: Clocks) -> Clocks:
    """The earliest of each deadline."""
    return Clocks(*map(min, astuple(a), astuple(b)))


@dataclass(frozen=True, slots=True)
class Duty:
    """Who can be paged now. `conflicted`: whom the concern is about, and their line; never paged.
    `working`: those who can be paged by name, on duty or not.

    `last_resort` is a named member of staff, on duty or not, None when there is no one left;
    `outside` an address outside the prison, since the first may be the accused. ValueError without
    it.
    """

    on_duty: Mapping[Target, tuple[UUID, ...]]
    last_resort: UUID | None
    outside: str
    conflicted: frozenset[UUID] = frozenset()
    working: frozenset[UUID] = frozenset()

    def __post_init__(self) -> None:
        if not self.outside.strip():
            raise ValueError("the last resort outside the prison has no address")

    def who(self, target: Target | UUID) -> tuple[UUID | str, ...]:
        """Staff ids, or the outside address; empty only for a role or a name with no one to
        page."""
        if isinstance(target, UUID):
            return (target,) if target in self.working - self.conflicted else ()
        if target is Target.last_resort_outside:
            return (self.outside,)
        if target is Target.last_resort:
            inside = None if self.last_resort in self.conflicted else self.last_resort
            return (inside or self.outside,)
        return tuple(s for s in self.on_duty.get(target, ()) if s not in self.conflicted)


@dataclass(frozen=True, slots=True)
class ConcernState:
    """All that the decision needs of a concern.

    `accepted_on_duty`: an acknowledgement came from someone on duty, which alone stops the ladder.
    `step_index` is the step to take at `next_step_at`. `lock_up` is the first after `raised_at`.
    """

    immediacy: Immediacy
    raised_at: datetime
    clocks: Clocks
    policy: Policy
    next_step_at: datetime | None
    step_index: int = 0
    acknowledged_at: datetime | None = None
    accepted_on_duty: bool = False
    verbal_handover_made: bool = False
    seen_at: datetime | None = None
    decided_at: datetime | None = None
    is_open: bool = True
    lock_up: datetime | None = None
    zone: Zone = LONDON

    @property
    def handover_due(self) -> bool:
        """`now`, and no officer has been told or has seen the person."""
        now = self.immediacy is Immediacy.now
        return now and not self.verbal_handover_made and self.seen_at is None


@dataclass(frozen=True, slots=True)
class Page:
    """One content-free page, to a member of staff or to an address."""

    target: Target | UUID
    to: UUID | str
    reason: Why


@dataclass(frozen=True, slots=True)
class Step:
    """What must be done now: `step_index` was taken; store `new_step_index`, `next_step_at`."""

    pages: tuple[Page, ...]
    alarms: tuple[str, ...]
    step_index: int
    new_step_index: int
    next_step_at: datetime
    why: Why
    late_by: timedelta


def initial(concern: ConcernState) -> datetime:
    """When the first step is due: as it is raised."""
    return utc(concern.raised_at)


def has_next_step(concern: ConcernState) -> bool:
    """The invariant: closed, or a step is due. (That it finds someone, `Policy` sees to.)"""
    return not concern.is_open or concern.next_step_at is not None


def latest(concern: ConcernState, now: datetime) -> datetime:
    """No next step of an open concern is later than this: every deadline to come has one, and
    between them no pause is longer than the ladder's longest."""
    now, why = utc(now), waiting_for(concern, now)
    times = _to_come(concern, why, now)
    if why in _CLIMBING or _deadline(concern, why) <= now:
        times.append(now + _longest(concern, why))
    return min(times)


def next_step(concern: ConcernState, duty: Duty, now: datetime) -> Step | None:
    """The step due now, or None if none is due or the concern is closed.

    One step however late, with `late_by`; the next is always in the future. Alarms: `empty_step`
    for each step passed over because it had no one to page, `no_next_step` for an open concern
    that had been left without.
    """
    now = utc(now)
    due = now if concern.next_step_at is None else utc(concern.next_step_at)
    if not concern.is_open or now < due:
        return None
    why, ladder = waiting_for(concern, now), _ladder(concern, now)
    alarms = [] if concern.next_step_at else ["no_next_step"]
    index = _first_rung(concern, why, due, now)
    while not (pages := _pages(ladder[index], duty, why)):  # the last step is never empty
        alarms.append("empty_step")
        index += 1
    following = 0 if why is Why.not_handed_over else (index + 1) % len(ladder)
    next_at = min([now + _pause(concern, ladder[index], why), *_to_come(concern, why, now)])
    return Step(pages, tuple(alarms), index, following, next_at, why, now - due)


def waiting_for(concern: ConcernState, now: datetime) -> Why:
    """What an open concern waits for: acknowledged, accepted on duty, seen, decided, closed."""
    if concern.acknowledged_at is None:
        return Why.not_acknowledged
    if not concern.accepted_on_duty:
        return Why.not_accepted
    if concern.seen_at is None:
        early = utc(now) < concern.clocks.seen_by
        return Why.not_handed_over if early and concern.handover_due else Why.not_seen
    return Why.not_decided if concern.decided_at is None else Why.not_closed


def schedule_after(concern: ConcernState, now: datetime) -> datetime:
    """When the next step is due after a human event, already recorded in `concern`; never past.

    Until accepted on duty: the running ladder, at the latest acknowledge_by. Then seen_by,
    decide_by, and 24 h after the decision. A deadline already gone by leaves the running ladder
    its time, as far as the ladder that holds now may pause. ValueError for a closed concern.
    """
    if not concern.is_open:
        raise ValueError("a closed concern has no next step")
    now = utc(now)
    why = waiting_for(concern, now)
    due, deadline = concern.next_step_at or now, _deadline(concern, why)
    if why in _CLIMBING or deadline <= now:
        due = min(due, now + _longest(concern, why))
    else:
        due = deadline
    return max(now, min([due, *_to_come(concern, why, now)]))


def rescheduled(concern: ConcernState, now: datetime) -> ConcernState:
    """The concern after a human event: `schedule_after`, and a new phase from its first step."""
    index = concern.step_index if waiting_for(concern, now) in _CLIMBING else 0
    return replace(concern, step_index=index, next_step_at=schedule_after(concern, now))


def raised(concern: ConcernState, to: Immediacy, now: datetime) -> ConcernState:
    """A stricter immediacy: clocks from the original `raised_at`, strictest wins, step 0 at once.

    ValueError unless `to` is stricter.
    """
    if to is concern.immediacy or strictest(to, concern.immediacy) is not to:
        raise ValueError(f"{to} is not stricter than {concern.immediacy}")
    fresh = merge_clocks(concern.clocks, _clocks_as(concern, to))
    return replace(concern, immediacy=to, clocks=fresh, step_index=0, next_step_at=utc(now))


def lowered(concern: ConcernState, to: Immediacy, now: datetime) -> ConcernState:
    """A less strict one, clocks from `raised_at`; ValueError if not. Who may: the caller asks."""
    if strictest(to, concern.immediacy) is to:
        raise ValueError(f"{to} is not less strict than {concern.immediacy}")
    lower = replace(concern, immediacy=to, clocks=_clocks_as(concern, to), step_index=0)
    return replace(lower, next_step_at=schedule_after(lower, now))


def merged(survivor: ConcernState, duplicate: ConcernState, now: datetime) -> ConcernState:
    """The survivor of two concerns: strictest immediacy, earliest deadlines and next step.

    What people did about the duplicate is not credited to the survivor: a merge never loosens.
    """
    immediacy = strictest(survivor.immediacy, duplicate.immediacy)
    earliest = merge_clocks(survivor.clocks, duplicate.clocks)
    first = min(survivor, duplicate, key=lambda c: c.raised_at)
    one = replace(survivor, immediacy=immediacy, clocks=earliest)
    one = replace(one, raised_at=first.raised_at, lock_up=first.lock_up)
    if immediacy is not survivor.immediacy:
        return replace(one, step_index=0, next_step_at=utc(now))
    times = (survivor.next_step_at, duplicate.next_step_at, schedule_after(one, now))
    return replace(one, next_step_at=max(utc(now), min(t for t in times if t)))


_CLIMBING = frozenset({Why.not_acknowledged, Why.not_accepted, Why.not_handed_over})


def _ladder(concern: ConcernState, now: datetime) -> Ladder:
    return concern.policy.ladder(concern.immediacy, now, concern.zone)


def _clocks_as(concern: ConcernState, immediacy: Immediacy) -> Clocks:
    own = concern.policy.clocks.get(immediacy)
    return clocks(immediacy, concern.raised_at, concern.lock_up, concern.zone, own)


def _first_rung(concern: ConcernState, why: Why, due: datetime, now: datetime) -> int:
    last = len(_ladder(concern, now)) - 1
    if why is Why.not_handed_over:
        return 0
    if why in _CLIMBING and any(due <= each <= now for each in _unmet(concern)):
        return last  # the breach itself goes to the last resort, however far the ladder had come
    return min(concern.step_index, last)


def _pages(step: PolicyStep, duty: Duty, why: Why) -> tuple[Page, ...]:
    pages: dict[UUID | str, Page] = {}
    for target in step.targets:
        for to in duty.who(target):
            pages.setdefault(to, Page(target, to, why))  # one person on two roles: one page
    return tuple(pages.values())


def _pause(concern: ConcernState, step: PolicyStep, why: Why) -> timedelta:
    if why is Why.not_closed:
        return _reminder(concern)
    most = concern.policy.handover_every_minutes if concern.handover_due else step.after_minutes
    return timedelta(minutes=min(step.after_minutes, most))


def _longest(concern: ConcernState, why: Why) -> timedelta:
    """The longest that the ladder pauses, in the phase and by the immediacy that hold now."""
    if why is Why.not_closed:
        return _reminder(concern)
    policy = concern.policy
    handover, ladder = policy.handover_every_minutes, policy.longest_pause(concern.immediacy)
    return timedelta(minutes=handover if concern.handover_due else ladder)


def _reminder(concern: ConcernState) -> timedelta:
    return timedelta(minutes=concern.policy.reminder_every_minutes)


def _unmet(concern: ConcernState) -> list[datetime]:
    """The deadlines of what has not been done."""
    each, accepted = concern.clocks, concern.acknowledged_at and concern.accepted_on_duty
    met = (accepted, concern.seen_at, concern.decided_at)
    times = (each.acknowledge_by, each.seen_by, each.decide_by)
    return [by for by, done in zip(times, met, strict=True) if not done]


def _to_come(concern: ConcernState, why: Why, now: datetime) -> list[datetime]:
    """Every time still to come at which a step is due, whatever else is being waited for."""
    return [each for each in (*_unmet(concern), _deadline(concern, why)) if each > now]


def _deadline(concern: ConcernState, why: Why) -> datetime:
    if why in (Why.not_acknowledged, Why.not_accepted):
        return concern.clocks.acknowledge_by
    if why in (Why.not_handed_over, Why.not_seen):
        return concern.clocks.seen_by
    if concern.decided_at is None:
        return concern.clocks.decide_by
    return concern.decided_at + _reminder(concern)
