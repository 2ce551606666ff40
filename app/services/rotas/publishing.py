"""That a rota stands from now on: its shifts are given out, what stood before gives way, and that
no hour is uncovered is proven in the same transaction, by the database."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import CoverageGaps, FieldError, GuardsUnmet, NotOpen
from app.models.mentors import Mentor
from app.models.rota_demands import RotaRole
from app.models.rotas import GapAccepted, PublishCreate, Rota, RotaStatus
from app.models.shifts import Shift, ShiftStatus
from app.scope import everything
from app.services import lifecycle
from app.services.lifecycle import Context
from app.services.rota import facts
from app.services.rota.problem import Need, Span, merged, without
from app.services.rotas.moves import ROTA, supersede_shift
from app.services.shifts import alerts, take_mentor
from app.services.shifts.moves import SHIFT

S = ShiftStatus
# At every stretch of a need between one beginning or end of a shift and the next, how many serve;
# then, for one missing, two missing and so on, the need less what that many cover.
PROOF = text(
    """
    WITH need AS (
        SELECT number, role, tstzrange(starts_at, ends_at) AS during, needed
        FROM unnest(CAST(:roles AS text[]), CAST(:starts AS timestamptz[]),
                    CAST(:ends AS timestamptz[]), CAST(:needed AS int[]))
             WITH ORDINALITY AS given (role, starts_at, ends_at, needed, number)
    ), serving AS (
        SELECT role, during FROM shift WHERE prison_id = :prison AND live
    ), cut AS (
        SELECT number, lower(during) AS at FROM need
        UNION SELECT number, upper(during) FROM need
        UNION SELECT need.number, edge FROM need
            JOIN serving ON serving.role = need.role AND serving.during && need.during
            CROSS JOIN LATERAL (VALUES (lower(serving.during)), (upper(serving.during))) AS e (edge)
            WHERE edge <@ need.during
    ), stretch AS (
        SELECT number, tstzrange(at, lead(at) OVER (PARTITION BY number ORDER BY at)) AS part
        FROM cut
    ), counted AS (
        SELECT need.number, need.role, need.during, need.needed, stretch.part,
               (SELECT count(*) FROM serving
                WHERE serving.role = need.role AND serving.during @> stretch.part) AS there
        FROM stretch JOIN need USING (number)
        WHERE NOT upper_inf(stretch.part)
    ), lacking AS (
        SELECT role, missing,
               tstzmultirange(during) - coalesce(
                   range_agg(part) FILTER (WHERE there > needed - missing), '{}') AS gap
        FROM counted CROSS JOIN LATERAL generate_series(1, needed) AS missing
        GROUP BY number, role, during, missing
    )
    SELECT role, missing, lower(one) AS starts_at, upper(one) AS ends_at
    FROM (SELECT role, missing, unnest(range_agg(gap)) AS one
          FROM (SELECT role, missing, unnest(gap) AS gap FROM lacking) AS each
          GROUP BY role, missing) AS named
    ORDER BY role, missing, starts_at
    """
)
Lacking = Mapping[tuple[RotaRole, int], list[Span]]


@dataclass(frozen=True, slots=True)
class Named:
    """A gap that is left, as it is told."""

    role: RotaRole
    starts_at: datetime
    ends_at: datetime
    missing: int


async def publish(db: AsyncSession, actor: Actor, rota: Rota, body: PublishCreate) -> None:
    """Give out the rota's shifts. Raises NotOpen, GuardsUnmet for a shift that its mentor may not
    have any more, CoverageGaps for gaps that were not accepted exactly."""
    if rota.status is not RotaStatus.proposed:
        raise NotOpen("Only a rota that is proposed is published.")
    await _one_at_a_time(db, rota.prison_id)
    now = clock.now()
    period = await facts.period_of(db, rota, now)
    before = await _rotas_before(db, rota)
    drafts = await _of(db, rota, S.draft)
    mentors = sorted({each.mentor_id for each in drafts if each.mentor_id})
    await _hold_mentors(db, period, mentors)
    context = Context(rota, actor, now, None)
    kept = await _give_way(db, context, period, drafts)
    for mentor_id in mentors:
        await take_mentor(db, rota.prison_id, mentor_id)
    await _give_out(db, actor, period, [each for each in drafts if each not in kept])
    needs = await facts.needs(db, period)
    lacking = await proven(db, rota.prison_id, needs)
    named = named_from(lacking)
    if levels_of(body.accepted_gaps) != lacking:
        raise _refusal(named)
    rota.published_at, rota.published_by = now, actor.staff_id
    rota.accepted_gaps = [
        {
            "role": each.role.value,
            "starts_at": clock.spell(each.starts_at),
            "ends_at": clock.spell(each.ends_at),
            "missing": each.missing,
            "why": [],
        }
        for each in named
    ]
    await lifecycle.move(db, ROTA, rota, to=RotaStatus.published, actor=actor)
    await _leave_open(db, actor, rota, named, needs)
    await _supersede_rotas(db, actor, before, period)


async def _one_at_a_time(db: AsyncSession, prison_id: str) -> None:
    key = func.hashtextextended(f"rotas:{prison_id}", 0)
    await db.execute(select(func.pg_advisory_xact_lock(key)))


async def _of(db: AsyncSession, rota: Rota, *states: ShiftStatus) -> Sequence[Shift]:
    found = everything(Shift, rota.prison_id).where(
        col(Shift.rota_id) == rota.id,
        col(Shift.status).in_(states),
        col(Shift.superseded_at).is_(None),
    )
    return (await db.scalars(found.order_by(col(Shift.id)).with_for_update())).all()


def _standing(period: facts.Period) -> Select[Shift]:
    """The shifts that stand for the rota's days and have not begun."""
    rota = period.rota
    return everything(Shift, rota.prison_id).where(
        col(Shift.superseded_at).is_(None),
        col(Shift.status).in_((*facts.COMING, S.uncovered)),
        col(Shift.day) >= rota.first_day,
        col(Shift.day) <= rota.last_day,
        col(Shift.starts_at) >= period.since,
    )


async def _hold_mentors(db: AsyncSession, period: facts.Period, drafted: Sequence[UUID]) -> None:
    """Keep whose shifts change as they are until the commit: a mentor who leaves work is locked
    before their shifts, and everybody takes the two in that order."""
    here = period.rota.prison_id
    serving = _standing(period).with_only_columns(col(Shift.mentor_id))
    mentors = everything(Mentor, here).where(
        or_(col(Mentor.id).in_(drafted), col(Mentor.id).in_(serving))
    )
    in_order = mentors.with_only_columns(col(Mentor.id)).order_by(col(Mentor.id))
    await db.execute(in_order.with_for_update(read=True))


async def _give_way(
    db: AsyncSession, context: Context, period: facts.Period, drafts: Sequence[Shift]
) -> Sequence[Shift]:
    """What stood for these days and has not begun gives way. A shift that is to stay as it was is
    taken over with all that was said of it; the drafts it makes needless are answered."""
    rota: Rota = context.thing
    found = _standing(period)
    wanted = {facts.piece_of(each): each for each in drafts}
    kept = []
    for old in (await db.scalars(found.order_by(col(Shift.id)).with_for_update())).all():
        draft = wanted.get(facts.piece_of(old)) if old.mentor_id else None
        if draft is None:
            await supersede_shift(db, context, old)
            continue
        old.rota_id, draft.superseded_at = rota.id, context.now
        kept.append(draft)
    await db.flush()
    return kept


async def _give_out(
    db: AsyncSession, actor: Actor, period: facts.Period, drafts: Sequence[Shift]
) -> None:
    """Publish them, each by the rules as they stand now. What has begun meanwhile is not given
    out. Raises GuardsUnmet with every shift that cannot be."""
    errors = []
    for shift in drafts:
        if shift.starts_at < period.since:
            shift.superseded_at = clock.now()
            continue
        try:
            await lifecycle.move(db, SHIFT, shift, to=S.published, actor=actor)
        except GuardsUnmet as unmet:
            errors += [
                FieldError(f"shifts.{shift.id}", each.code, each.message) for each in unmet.errors
            ]
    if errors:
        raise GuardsUnmet("Some shifts cannot be given out now: solve anew.", errors=errors)


async def proven(db: AsyncSession, prison_id: str, needs: Sequence[Need]) -> Lacking:
    """For one missing, two missing and so on: when so many are, by the database's own reckoning of
    what is needed less what is served."""
    rows = await db.execute(
        PROOF,
        {
            "prison": prison_id,
            "roles": [each.role.value for each in needs],
            "starts": [each.starts_at for each in needs],
            "ends": [each.ends_at for each in needs],
            "needed": [each.needed for each in needs],
        },
    )
    found: dict[tuple[RotaRole, int], list[Span]] = defaultdict(list)
    for role, missing, starts_at, ends_at in rows:
        found[RotaRole(role), missing].append((starts_at, ends_at))
    return dict(found)


def levels_of(gaps: Iterable[GapAccepted]) -> Lacking:
    """Accepted gaps in the form of the proof: however they are cut, the same hours are the same."""
    found: dict[tuple[RotaRole, int], list[Span]] = defaultdict(list)
    for each in gaps:
        for level in range(1, each.missing + 1):
            found[each.role, level].append((each.starts_at, each.ends_at))
    return {key: merged(spans) for key, spans in found.items()}


def named_from(lacking: Lacking) -> list[Named]:
    """Every gap with how many are missing in it."""
    return sorted(
        (
            Named(role, *span, missing)
            for (role, missing), spans in lacking.items()
            for span in without(spans, lacking.get((role, missing + 1), []))
        ),
        key=lambda each: (each.starts_at, each.role, each.missing),
    )


def _refusal(named: Sequence[Named]) -> CoverageGaps:
    gaps: list[dict[str, Any]] = [
        {
            "role": each.role.value,
            "starts_at": clock.spell(each.starts_at),
            "ends_at": clock.spell(each.ends_at),
            "missing": each.missing,
        }
        for each in named
    ]
    message = "must name the gaps that are left, all and exactly"
    return CoverageGaps(
        f"{len(named)} gaps are left.",
        errors=[FieldError("accepted_gaps", "not_as_accepted", message)],
        gaps=gaps,
    )


async def _leave_open(
    db: AsyncSession, actor: Actor, rota: Rota, named: Sequence[Named], needs: Sequence[Need]
) -> None:
    """Accepted gaps are shifts that nobody has, block by block: whoever is called in gets them.
    They are known, and told when they come near."""
    for need, each in product(needs, named):
        starts_at = max(need.starts_at, each.starts_at)
        ends_at = min(need.ends_at, each.ends_at)
        if need.role is not each.role or starts_at >= ends_at:
            continue
        for _ in range(each.missing):
            shift = Shift(
                prison_id=rota.prison_id,
                rota_id=rota.id,
                role=each.role,
                day=need.day,
                starts_at=starts_at,
                ends_at=ends_at,
                status=S.uncovered,
            )
            await lifecycle.begin(db, SHIFT, shift, actor)
            await alerts.uncovered(db, shift, at_once=False)


async def _rotas_before(db: AsyncSession, rota: Rota) -> Sequence[Rota]:
    """The rotas that stand for some of these days, locked before their shifts: as by whoever
    withdraws one."""
    found = everything(Rota, rota.prison_id).where(
        col(Rota.status) == RotaStatus.published,
        col(Rota.id) != rota.id,
        col(Rota.first_day) <= rota.last_day,
        col(Rota.last_day) >= rota.first_day,
    )
    return (await db.scalars(found.order_by(col(Rota.id)).with_for_update())).all()


async def _supersede_rotas(
    db: AsyncSession, actor: Actor, before: Sequence[Rota], period: facts.Period
) -> None:
    """Rotas of which nothing is left to come are superseded; one that still stands for other days
    is not."""
    left = everything(Shift, period.rota.prison_id).where(
        col(Shift.rota_id).in_([each.id for each in before]),
        col(Shift.superseded_at).is_(None),
        col(Shift.starts_at) >= period.since,
    )
    standing = set((await db.scalars(left.with_only_columns(col(Shift.rota_id)))).all())
    for each in before:
        if each.id not in standing:
            await lifecycle.move(db, ROTA, each, to=RotaStatus.superseded, actor=actor)
