"""Whether a plan can be: pure, no session, no clock. `clashes(plan, facts)` decides.

Times are half-open, [starts_at, ends_at): a session may begin the moment another ends. Only plans
are held against this; what has happened is recorded, with the same findings as warnings.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.clock import spell
from app.models.mentees import MenteeStatus
from app.models.mentors import ApprovalCondition, MentorStatus
from app.models.prison_events import PrisonEventKind
from app.models.sessions import ClashKind, SessionKind
from app.services.periods import together
from app.services.spared import NOTHING, Spared
from app.services.working_days import LONDON, local_date, utc

BOOKABLE = frozenset(
    {MenteeStatus.accepted, MenteeStatus.waiting, MenteeStatus.offered, MenteeStatus.engaged}
)
"""The states in which a mentee may be offered a session: a pause is kept free of them."""
GROUPS = frozenset({SessionKind.group, SessionKind.cbt_course, SessionKind.art_therapy})
Span = tuple[datetime, datetime]
ONE_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
REST = timedelta(hours=11)
"""How long a mentor rests after a night call-out, or a night on shift."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be: who meets, where and when. `mentees_field` is what errors call the list."""

    kind: SessionKind
    starts_at: datetime
    ends_at: datetime
    room_id: UUID | None
    mentor_id: UUID
    mentee_ids: tuple[UUID, ...]
    lead_staff_id: UUID | None = None
    mentees_field: str = "mentee_ids"

    @property
    def heads(self) -> int:
        """Everyone in the room: mentees, the mentor, and a qualified lead."""
        return len(self.mentee_ids) + 1 + (self.lead_staff_id is not None)


@dataclass(frozen=True, slots=True)
class Taken:
    """A room, mentor or mentee that another live session holds for a time."""

    kind: ClashKind
    thing_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Worked:
    """A session that the mentor holds or held: work done or promised."""

    kind: SessionKind
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A shift of the mentor's, or a day of a course. `counts`: among the hours of the week;
    `rests`: a night that asks for rest after it."""

    kind: ClashKind
    starts_at: datetime
    ends_at: datetime
    counts: bool = False
    rests: bool = False


@dataclass(frozen=True, slots=True)
class Needed:
    """A time in which the prison needs the mentor or a mentee elsewhere."""

    thing_id: UUID
    kind: PrisonEventKind
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the mentor may work, on what conditions, and what there is of it around the plan.

    Days and weeks are the prison's own; a session belongs to the day on which it begins.
    `elsewhere`: the mentees who are not known to live on the mentor's wing.
    """

    weekly_hours: int
    nights: int
    conditions: frozenset[ApprovalCondition] = frozenset()
    elsewhere: frozenset[UUID] = frozenset()
    worked: Sequence[Worked] = ()
    zone: ZoneInfo = LONDON
    duties: Sequence[OnDuty] = ()
    spared: Spared = NOTHING


@dataclass(frozen=True, slots=True)
class Facts:
    """What a plan is held against, loaded beforehand; the plan's own session is not in it.

    `apart`: twos of the mentor and the mentees who are not to meet, whatever the reason. `open`:
    when the regime lets people meet, None where nobody asks; `outside`: kinds that need not care.
    `kinds` and `closed`: what the room is fit for, and when it cannot be used.
    """

    now: datetime
    taken: Sequence[Taken]
    capacity: int | None
    mentor: MentorStatus
    mentees: Mapping[UUID, MenteeStatus]
    limits: Limits
    needed: Sequence[Needed] = ()
    apart: Collection[frozenset[UUID]] = ()
    open: Sequence[Span] | None = None
    outside: Collection[str] = ()
    lockdowns: Sequence[Span] = ()
    kinds: Collection[str] | None = None
    closed: Sequence[Span] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A room, and what is to be known of it; without one they meet wherever there is space."""

    room_id: UUID | None = None
    capacity: int | None = None
    kinds: Collection[str] | None = None
    closed: Sequence[Span] = ()

    def within(self, facts: Facts) -> Facts:
        """The facts of a plan that is in this room."""
        return replace(facts, capacity=self.capacity, kinds=self.kinds, closed=self.closed)


@dataclass(frozen=True, slots=True)
class Clash:
    """One reason why the plan cannot be, and the field of the request it belongs to. `coarse`: what
    those are told who may not know all of it."""

    kind: ClashKind
    field: str
    detail: str
    thing_id: UUID | None = None
    coarse: str | None = None

    def told(self, *, whole: bool) -> str:
        return self.detail if whole or self.coarse is None else self.coarse


def clashes(plan: Plan, facts: Facts) -> list[Clash]:
    """Every reason at once why the plan cannot be; empty when it can."""
    return [
        *_past(plan, facts),
        *_regime(plan, facts),
        *_lockdown(plan, facts),
        *_room(plan, facts),
        *_mentor(plan, facts),
        *_on_duty(plan, facts),
        *_weekly_hours(plan, facts.limits),
        *_nights(plan, facts.limits),
        *_rest(plan, facts.limits),
        *_conditions(plan, facts.limits),
        *_spared(plan, facts.limits),
        *_mentees(plan, facts),
        *_apart(plan, facts),
    ]


def week_of(moment: datetime, zone: ZoneInfo) -> date:
    """The Monday of the local week in which it is."""
    day = local_date(moment, zone)
    return day - timedelta(days=day.weekday())


def reach_of(plan: Plan, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when until when work begins that the limits count: the local weeks of the plan, and six
    days to either side of its days."""
    day, end = local_date(plan.starts_at, zone), local_date(plan.ends_at, zone)
    first = min(week_of(plan.starts_at, zone), day - 6 * ONE_DAY)
    last = max(week_of(plan.ends_at, zone) + A_WEEK, end + A_WEEK)
    return utc(datetime.combine(first, time(), zone)), utc(datetime.combine(last, time(), zone))


def _taken(
    plan: Plan, facts: Facts, kind: ClashKind, thing_id: UUID, field: str
) -> Iterator[Clash]:
    """At most one clash for a thing, naming the earliest session that holds it."""
    overlapping = [
        each
        for each in facts.taken
        if each.kind is kind
        and each.thing_id == thing_id
        and each.starts_at < plan.ends_at
        and plan.starts_at < each.ends_at
    ]
    if overlapping:
        first = min(overlapping, key=lambda each: each.starts_at)
        when = f"from {spell(first.starts_at)} until {spell(first.ends_at)}"
        yield Clash(kind, field, f"The {kind} is taken {when}.", thing_id)


def _past(plan: Plan, facts: Facts) -> Iterator[Clash]:
    if plan.starts_at < facts.now:
        yield Clash(ClashKind.in_the_past, "starts_at", "A plan begins in the future.")


def _regime(plan: Plan, facts: Facts) -> Iterator[Clash]:
    if facts.open is None or plan.kind in facts.outside:
        return
    if not any(first <= plan.starts_at and plan.ends_at <= last for first, last in facts.open):
        yield Clash(ClashKind.regime, "starts_at", "The regime has no slot for all of that time.")


def _lockdown(plan: Plan, facts: Facts) -> Iterator[Clash]:
    """At most one clash, naming the lockdown that begins first."""
    for first, last in sorted(facts.lockdowns):
        if first < plan.ends_at and plan.starts_at < last:
            detail = f"There is a lockdown from {spell(first)} until {spell(last)}."
            yield Clash(ClashKind.lockdown, "starts_at", detail)
            return


def _room(plan: Plan, facts: Facts) -> Iterator[Clash]:
    if plan.room_id is None:
        return
    yield from _taken(plan, facts, ClashKind.room, plan.room_id, "room_id")
    if facts.capacity is not None and plan.heads > facts.capacity:
        detail = f"The room holds {facts.capacity}; {plan.heads} would be in it."
        yield Clash(ClashKind.capacity, "room_id", detail, plan.room_id)
    for first, last in sorted(facts.closed):
        if first < plan.ends_at and plan.starts_at < last:
            detail = f"The room is closed from {spell(first)} until {spell(last)}."
            yield Clash(ClashKind.room_closed, "room_id", detail, plan.room_id)
            break
    if facts.kinds is not None and plan.kind not in facts.kinds:
        yield Clash(
            ClashKind.room_kind, "room_id", f"The room is not for {plan.kind}.", plan.room_id
        )


def _mentor(plan: Plan, facts: Facts) -> Iterator[Clash]:
    yield from _taken(plan, facts, ClashKind.mentor, plan.mentor_id, "mentor_id")
    if facts.mentor is not MentorStatus.active:
        detail = f"The mentor is {facts.mentor}, not active."
        yield Clash(ClashKind.mentor_not_active, "mentor_id", detail, plan.mentor_id)
    yield from _needed(plan, facts, plan.mentor_id, "mentor_id", "mentor")


def _on_duty(plan: Plan, facts: Facts) -> Iterator[Clash]:
    """At most one clash for shifts and one for courses, naming the earliest. What begins now is no
    plan: whoever serves is there to be met."""
    if plan.starts_at <= facts.now:
        return
    for kind in (ClashKind.shift, ClashKind.course):
        spans = [
            (each.starts_at, each.ends_at)
            for each in facts.limits.duties
            if each.kind is kind and each.starts_at < plan.ends_at and plan.starts_at < each.ends_at
        ]
        if spans:
            first, last = min(spans)
            detail = f"The mentor has a {kind} from {spell(first)} until {spell(last)}."
            yield Clash(kind, "mentor_id", detail, plan.mentor_id)


def _weekly_hours(plan: Plan, limits: Limits) -> Iterator[Clash]:
    """All the mentor's sessions and shifts of the local week together, call-outs too; in real
    hours, so that a night on which the clocks change counts as long as it is, and once where a
    session was held on a shift."""
    monday = week_of(plan.starts_at, limits.zone)
    work: list[Worked | OnDuty] = [*limits.worked, *filter(_counts, limits.duties)]
    spans = [
        (utc(each.starts_at), utc(each.ends_at))
        for each in work
        if week_of(each.starts_at, limits.zone) == monday
    ]
    total = together([*spans, (utc(plan.starts_at), utc(plan.ends_at))])
    if total > timedelta(hours=limits.weekly_hours):
        hours, minutes = divmod(int(total.total_seconds()) // 60, 60)
        detail = (
            f"In the week from {monday} the mentor would work {hours} h {minutes:02} min"
            f" of at most {limits.weekly_hours} h."
        )
        yield Clash(ClashKind.weekly_hours, "mentor_id", detail, plan.mentor_id)


def _counts(duty: OnDuty) -> bool:
    return duty.counts


def _nights(plan: Plan, limits: Limits) -> Iterator[Clash]:
    """Night call-outs in any seven local days around this one; a night belongs to its first day."""
    if plan.kind is not SessionKind.night_callout:
        return
    day = local_date(plan.starts_at, limits.zone)
    others = [
        local_date(each.starts_at, limits.zone)
        for each in limits.worked
        if each.kind is SessionKind.night_callout
    ]
    windows = [day - number * ONE_DAY for number in range(7)]
    most = 1 + max(sum(first <= night < first + A_WEEK for night in others) for first in windows)
    if most > limits.nights:
        detail = f"That makes {most} night call-outs in seven days, of at most {limits.nights}."
        yield Clash(ClashKind.night_limit, "mentor_id", detail, plan.mentor_id)


def _rest(plan: Plan, limits: Limits) -> Iterator[Clash]:
    """Between the end of a night call-out, or of a night on shift, and the next work; whichever of
    the two was there first."""
    owed = [
        (utc(each.ends_at) + REST, plan.starts_at)
        for each in limits.duties
        if each.rests and each.ends_at <= plan.starts_at
    ]
    for each in limits.worked:
        if each.kind is SessionKind.night_callout and each.starts_at <= plan.starts_at:
            owed.append((utc(each.ends_at) + REST, plan.starts_at))
        if plan.kind is SessionKind.night_callout and plan.starts_at <= each.starts_at:
            owed.append((utc(plan.ends_at) + REST, each.starts_at))
    if late := [until for until, starts in owed if starts < until]:
        detail = f"After a night the mentor rests until {spell(max(late))}."
        yield Clash(ClashKind.rest, "mentor_id", detail, plan.mentor_id)


def _conditions(plan: Plan, limits: Limits) -> Iterator[Clash]:
    """What the mentor was approved or cleared on."""
    against = {
        ApprovalCondition.no_nights: plan.kind is SessionKind.night_callout,
        ApprovalCondition.no_one_to_one: plan.kind is SessionKind.one_to_one,
        ApprovalCondition.groups_with_staff_only: plan.kind in GROUPS
        and plan.lead_staff_id is None,
        ApprovalCondition.own_wing_only: not limits.elsewhere.isdisjoint(plan.mentee_ids),
    }
    for condition, broken in against.items():
        if broken and condition in limits.conditions:
            detail = f"The mentor's approval is on a condition: {condition}."
            yield Clash(ClashKind.approval_condition, "mentor_id", detail, plan.mentor_id)


def _spared(plan: Plan, limits: Limits) -> Iterator[Clash]:
    """What the mentor was found not to be up to for now. Not why: that is theirs."""
    night, group = plan.kind is SessionKind.night_callout, plan.kind in GROUPS
    if limits.spared.binds(plan.starts_at, night=night, group=group):
        detail = "The mentor is spared it for now: see when they were last asked how they are."
        yield Clash(ClashKind.spared, "mentor_id", detail, plan.mentor_id)


def _mentees(plan: Plan, facts: Facts) -> Iterator[Clash]:
    for number, mentee_id in enumerate(plan.mentee_ids):
        field = f"{plan.mentees_field}.{number}"
        yield from _taken(plan, facts, ClashKind.mentee, mentee_id, field)
        status = facts.mentees[mentee_id]
        if status not in BOOKABLE:
            detail = f"The mentee is {status}: no sessions are planned then."
            yield Clash(ClashKind.mentee_not_engaged, field, detail, mentee_id)
        yield from _needed(plan, facts, mentee_id, field, "mentee")


def _needed(plan: Plan, facts: Facts, thing_id: UUID, field: str, who: str) -> Iterator[Clash]:
    """At most one clash for a person, naming what is most pressing of what the prison has planned
    for them."""
    found = [
        each
        for each in facts.needed
        if each.thing_id == thing_id
        and each.starts_at < plan.ends_at
        and plan.starts_at < each.ends_at
    ]
    if found:
        order = list(PrisonEventKind)
        first = min(found, key=lambda each: (order.index(each.kind), each.starts_at))
        when = f"from {spell(first.starts_at)} until {spell(first.ends_at)}"
        coarse = f"The {who} has another commitment of the prison {when}."
        detail = f"The {who} has another commitment of the prison, {first.kind}, {when}."
        yield Clash(ClashKind.commitment, field, detail, thing_id, coarse)


def _apart(plan: Plan, facts: Facts) -> Iterator[Clash]:
    """Once for all of them: not who, and not how many, for that would list somebody's enemies."""
    coming = {plan.mentor_id, *plan.mentee_ids}
    if any(two <= coming for two in facts.apart):
        detail = "They cannot attend together."
        yield Clash(ClashKind.cannot_attend_together, plan.mentees_field, detail)
