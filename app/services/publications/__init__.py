"""Publications: prepared by one, let out by another, and never counted anew.

`rule.py` says what is shown of a count, `guard.py` what else is hidden so that nobody works out
the rest, `tables.py` and `cohorts.py` make tables of both; what goes out is kept as it is.
"""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid
from app.models.base import Output
from app.models.outcome_cohorts import OutcomeCohort, OutcomeCohortStatus
from app.models.prisons import Prison
from app.models.publications import (
    Publication,
    PublicationCreate,
    PublicationKind,
    PublicationStatus,
    PublishedTable,
)
from app.models.staff import Role
from app.scope import everything, referred
from app.services import lifecycle
from app.services.lifecycle import Context, Lifecycle, Move, Refusal
from app.services.outcomes.case_study import NO_COMPARISON
from app.services.periods import Period
from app.services.publications import cohorts
from app.services.publications.guard import Link
from app.services.publications.rule import VERSION
from app.services.publications.tables import Named, published
from app.services.reports import REPORTS, outcomes
from app.services.working_days import add_calendar_months, local_date
from app.turns import Turns
from app.visibility import shape

S = PublicationStatus
GOVERNOR = frozenset({Role.governor})
REFUSED_FOR = ("records_incomplete", "not_needed", "other")
WITHDRAWN_FOR = ("figures_wrong", "entered_in_error", "other")
NOTE = (
    "Counts of 1 to 7 are hidden, larger ones are to the nearest 5, and more is hidden where it"
    " would give those away. Percent are of the rounded counts. Medians are of 8 or more."
)
TURNS = Turns(at_once=1, most_waiting=3)


def second_person(context: Context) -> Refusal | None:
    if context.actor.subject != context.thing.recorded_by:
        return None
    return Refusal("second_person", "A second person must decide what goes out.")


MOVES = {
    (S.prepared, S.published): Move(GOVERNOR, guards=(second_person,)),
    (S.prepared, S.refused): Move(GOVERNOR, reasons=REFUSED_FOR),
    (S.published, S.withdrawn): Move(GOVERNOR, reasons=WITHDRAWN_FOR),
}
PUBLICATION = Lifecycle("publications", "publication", PublicationStatus, MOVES)


def days_of(period: str) -> tuple[date, date]:
    """The first and the last day of a month or a quarter."""
    year, part = int(period[:4]), period[5:]
    quarter = part.startswith("Q")
    month = 3 * int(part[1]) - 2 if quarter else int(part)
    first = date(year, month, 1)
    return first, add_calendar_months(first, 3 if quarter else 1) - timedelta(days=1)


async def prepare(
    db: AsyncSession, actor: Actor, body: PublicationCreate
) -> tuple[Publication, bool]:
    """The publication of a period or a cohort, and whether it is new: what was prepared before is
    answered as it is. Raises Invalid, and Busy where many prepare at once."""
    key = func.hashtextextended(f"publications:{actor.prison_id}", 0)
    await db.execute(select(func.pg_advisory_xact_lock(key)))
    field, cohort = "period", None
    if body.period is not None:
        kind, (first, last) = PublicationKind.period, days_of(body.period)
    else:
        assert body.outcome_cohort_id is not None
        field = "outcome_cohort_id"
        cohort = await referred(db, OutcomeCohort, actor.prison_id, body.outcome_cohort_id, field)
        kind, first, last = PublicationKind.outcome_cohort, cohort.referred_from, cohort.referred_to
    before = await _before(db, actor.prison_id, kind, first, last)
    if before is not None:
        if (before.first_day, before.last_day, before.outcome_cohort_id) == (
            first, last, cohort and cohort.id,
        ):  # fmt: skip
            return before, False
        raise Invalid.field(field, "overlaps", "days of it are in a publication already")
    await _closed(db, actor, last, cohort, field)
    tables = await _counted(db, actor, Period(first, last, await _zone(db, actor)), cohort)
    made = Publication(
        prison_id=actor.prison_id,
        kind=kind,
        first_day=first,
        last_day=last,
        outcome_cohort_id=cohort.id if cohort else None,
        rule_version=VERSION,
        tables=[each.model_dump(mode="json") for each in tables],
        digest=digest(kind, first, last, cohort.digest if cohort else None, tables),
        recorded_by=actor.subject,
    )
    await lifecycle.begin(db, PUBLICATION, made, actor)
    return made, True


async def _zone(db: AsyncSession, actor: Actor) -> ZoneInfo:
    return (await db.get_one(Prison, actor.prison_id)).tz


async def _closed(
    db: AsyncSession, actor: Actor, last: date, cohort: OutcomeCohort | None, field: str
) -> None:
    """Nothing of it is still to come: the period is over; the cohort is frozen, and nobody's
    follow-up is due any more. Raises Invalid."""
    if cohort is not None:
        if cohort.status is not OutcomeCohortStatus.frozen:
            raise Invalid.field(field, "not_frozen", "figures are published of a frozen cohort")
        last += timedelta(days=cohort.follow_up_to_days)
    if last >= local_date(clock.now(), await _zone(db, actor)):
        raise Invalid.field(field, "not_over", "its last day must be over")


async def _before(
    db: AsyncSession, prison_id: str, kind: PublicationKind, first: date, last: date
) -> Publication | None:
    """One that has a day of these and went out, or may yet."""
    found = everything(Publication, prison_id).where(
        col(Publication.kind) == kind,
        col(Publication.status) != S.refused,
        col(Publication.first_day) <= last,
        col(Publication.last_day) >= first,
    )
    return (await db.scalars(found.order_by(col(Publication.first_day)).limit(1))).one_or_none()


def anybody(prison_id: str) -> Actor:
    """For whom published figures are counted: from whom most is hidden."""
    return Actor(prison_id, "publication", Role.machine)


async def _counted(
    db: AsyncSession, actor: Actor, period: Period, cohort: OutcomeCohort | None
) -> list[PublishedTable]:
    """The fixed tables: all of every report, but those over time, which reach into other periods.
    They are counted as for a machine: nothing is in them that is hidden from somebody here."""
    named: list[Named] = []
    links: Sequence[Link] = ()
    if cohort is not None:
        named, links = cohorts.tables(await outcomes.report(db, cohort))
    else:
        reader = anybody(actor.prison_id)
        named = [
            (name.value, table)
            for name, kind in REPORTS.items()
            for table in await kind.tables(db, reader, period)
            if not table.over_time
        ]
    async with TURNS.take():
        return await asyncio.to_thread(published, named, links)


def digest(
    kind: PublicationKind,
    first: date,
    last: date,
    cohort: str | None,
    tables: Sequence[PublishedTable],
) -> str:
    """SHA-256, in hexadecimal, of what it is of and its tables, as JSON with sorted keys."""
    told = {
        "kind": kind.value,
        "first_day": first,
        "last_day": last,
        "outcome_cohort": cohort,
        "rule_version": VERSION,
        "tables": [each.model_dump(mode="json") for each in tables],
    }
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def tables_out(publication: Publication) -> list[PublishedTable]:
    """The tables for a file. Raises Conflicting unless they are let out."""
    if publication.status is not S.published:
        raise Conflicting("Only what a governor has published, and not withdrawn, is a file.")
    return [PublishedTable.model_validate(each) for each in publication.tables]


async def shown(db: AsyncSession, publication: Publication, actor: Actor) -> Output:
    """The publication, with what this actor may do next."""
    moves = await lifecycle.options(db, PUBLICATION, publication, actor)
    cohort = publication.kind is PublicationKind.outcome_cohort
    note = f"{NO_COMPARISON[0].upper()}{NO_COMPARISON[1:]}. {NOTE}" if cohort else NOTE
    fields = {**publication.model_dump(), "moves": moves, "note": note}
    return shape("publications", actor.role).model_validate(fields)
