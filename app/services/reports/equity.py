"""Who gets support: by age and by wing, against everybody who lives in the prison."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.models.mentees import MENTEE_ENDED, Mentee, MenteeStatus
from app.models.people import Person, Presence
from app.models.report_tables import ReportTable, Unit
from app.models.wings import Wing
from app.services.mentees.moves import MENTEE
from app.services.names import of_person
from app.services.periods import Period
from app.services.reports.stays import Stay, stays
from app.services.reports.tables import medians, shares

S = MenteeStatus
ENDED = frozenset(each.value for each in MENTEE_ENDED)
IN_SUPPORT = frozenset({S.engaged.value, S.paused.value, S.stepped_up.value})
BANDS = (
    (18, "under_18"), (21, "18_to_20"), (25, "21_to_24"), (30, "25_to_29"), (40, "30_to_39"),
    (50, "40_to_49"), (60, "50_to_59"),
)  # fmt: skip
OLDEST = "60_and_over"
UNKNOWN, LEFT = "not_known", "left_the_prison"


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person of the prison, as far as groups are made of them."""

    id: UUID
    born_on: date | None
    wing: str | None
    left: bool


def band(born_on: date | None, on: date) -> str | None:
    """The age band of somebody on a day. Who was born on 29 February is a year older on 1 March
    of other years."""
    if born_on is None:
        return None
    age = on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))
    return next((name for below, name in BANDS if age < below), OLDEST)


async def tables(db: AsyncSession, actor: Actor, period: Period) -> list[ReportTable]:
    """Of each age band and wing, how many were referred, were in support, and waited how long."""
    prison_id = actor.prison_id
    wing = col(Wing.code), col(Wing.name)
    named = select(*wing).where(col(Wing.prison_id) == prison_id).order_by(col(Wing.code))
    wings = {code: f"{name} ({code})" for code, name in await db.execute(named)}
    every = await stays(db, prison_id, MENTEE.noun, period.until)
    people = await _people(db, prison_id, wings)
    return counted(people, await whose_episodes(db, prison_id), every, list(wings.values()), period)


async def _people(db: AsyncSession, prison_id: str, wings: dict[str, str]) -> list[Somebody]:
    """Everybody who is or was in the prison, under one number each."""
    columns = col(Person.id), col(Person.date_of_birth), col(Person.cell_location)
    found = select(*columns, col(Person.presence)).where(
        col(Person.prison_id) == prison_id, col(Person.merged_into).is_(None)
    )
    people = []
    for person_id, born_on, cell, presence in await db.execute(found):
        code = cell.partition("-")[0] if cell else None
        wing = wings.get(code, code) if code else None
        people.append(Somebody(person_id, born_on, wing, presence is Presence.left))
    return people


async def whose_episodes(db: AsyncSession, prison_id: str) -> dict[UUID, UUID]:
    """Whose each episode is: one person under two numbers is one."""
    kept = func.coalesce(col(Person.merged_into), col(Person.id))
    found = (
        select(col(Mentee.id), kept)
        .join(Person, of_person(Mentee))
        .where(col(Mentee.prison_id) == prison_id, col(Person.prison_id) == prison_id)
    )
    return {mentee_id: person_id for mentee_id, person_id in await db.execute(found)}


def counted(
    people: Sequence[Somebody],
    whose: dict[UUID, UUID],
    every: Sequence[Stay],
    wings: Sequence[str],
    period: Period,
) -> list[ReportTable]:
    """The same of what was loaded. Pure."""
    during = [each for each in every if each.meets(period.since, period.until)]
    referred = {whose[e.thing_id] for e in during if e.state not in ENDED and e.thing_id in whose}
    supported = {whose[e.thing_id] for e in during if e.state in IN_SUPPORT and e.thing_id in whose}
    waits = {
        whose[mentee]: days for mentee, days in waited(every, period).items() if mentee in whose
    }
    groups: list[tuple[str, str, Callable[[Somebody], str | None], list[str]]] = [
        ("age", "by age", lambda one: band(one.born_on, period.last),
         [*(name for _, name in BANDS), OLDEST]),
        ("wing", "by wing", lambda one: one.wing, list(wings)),
    ]  # fmt: skip
    found = []
    for code, words, group_of, names in groups:
        found += [
            _share(f"referred_by_{code}", f"Referred, waiting or in support, {words}",
                   people, referred, group_of, names),
            _share(f"supported_by_{code}", f"In support, {words}",
                   people, supported, group_of, names),
            _waits(f"days_to_support_by_{code}", f"From referral until support began, {words}",
                   people, waits, group_of, names),
        ]  # fmt: skip
    return found


def waited(every: Iterable[Stay], period: Period) -> dict[UUID, int]:
    """How many days each episode waited whose support began, for the first time, in the period."""
    began, first = dict[UUID, datetime](), dict[UUID, Stay]()
    for each in every:
        first.setdefault(each.thing_id, each)
        if each.state == S.engaged and each.thing_id not in began:
            began[each.thing_id] = each.since
    return {
        mentee: Stay(mentee, "", first[mentee].since, at).days(at, period.zone)
        for mentee, at in began.items()
        if at >= period.since
    }


def _share(
    table: str,
    title: str,
    people: Sequence[Somebody],
    among: set[UUID],
    group_of: Callable[[Somebody], str | None],
    names: Sequence[str],
) -> ReportTable:
    """Of each group of those who live here, how many are among some. Who has left, or is in no
    group, is told beside it."""
    count, of, missing = Counter[str](), Counter[str](), Counter[str]()
    for one in people:
        group = group_of(one)
        if one.left:
            missing[LEFT] += one.id in among
        elif group is None:
            missing[UNKNOWN] += one.id in among
        else:
            of[group] += 1
            count[group] += one.id in among
    rows = dict.fromkeys([*names, *sorted(of)])
    told = {why: number for why, number in missing.items() if number}
    return shares(table, title, Unit.people, {n: (count[n], of[n]) for n in rows}, missing=told)


def _waits(
    table: str,
    title: str,
    people: Sequence[Somebody],
    waits: dict[UUID, int],
    group_of: Callable[[Somebody], str | None],
    names: Sequence[str],
) -> ReportTable:
    """The same of how long it took, of those who have left since as well."""
    took: dict[str, list[float]] = {name: [] for name in names}
    unknown = 0
    for one in people:
        if one.id not in waits:
            continue
        group = group_of(one)
        if group is None:
            unknown += 1
        else:
            took.setdefault(group, []).append(waits[one.id])
    missing = {UNKNOWN: unknown} if unknown else {}
    return medians(table, title, Unit.days, took, missing=missing)
