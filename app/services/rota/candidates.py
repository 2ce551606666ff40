"""Which pieces are possible at all, and why another is not."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.models.rotas import GapWhy
from app.services.rota.problem import (
    A_WEEK,
    ONE_DAY,
    REST,
    Fixed,
    Helper,
    Need,
    Piece,
    Problem,
    between,
    free_parts,
    is_night,
    occupied,
    overlap,
    week_begins,
)
from app.services.working_days import local_date


def possible(need: Need, helper: Helper, zone: ZoneInfo) -> list[Piece]:
    """The helper on the block, or on the parts of it for which they can."""
    pieces = [Piece(start, end, need.role, helper.id) for start, end in free_parts(need, helper)]
    return [piece for piece in pieces if barred(piece, helper, zone) is None]


def barred(piece: Piece, helper: Helper, zone: ZoneInfo) -> GapWhy | None:
    """What stands in the way whatever else is given out: a condition, or rest."""
    night = is_night(piece.starts_at, piece.ends_at, zone)
    if night and helper.no_nights:
        return GapWhy.condition
    taken = occupied(piece, zone)
    for each in helper.fixed:
        end = each.ends_at + REST if each.rests else each.ends_at
        if overlap(taken, (each.starts_at, end)):
            return GapWhy.rest
    return None


def minutes_worked(fixed: Iterable[Fixed], monday: date, zone: ZoneInfo) -> int:
    """Minutes of that local week which stand already; work belongs to the day it begins on."""
    return sum(
        between(each.starts_at, each.ends_at)
        for each in fixed
        if each.counts and week_begins(local_date(each.starts_at, zone)) == monday
    )


def nights_fixed(fixed: Iterable[Fixed], zone: ZoneInfo) -> set[date]:
    """The nights that stand already, by the day on which each begins."""
    return {local_date(each.starts_at, zone) for each in fixed if each.night}


def why_not(
    need: Need,
    part: tuple[datetime, datetime],
    helper: Helper,
    mine: Sequence[Piece],
    zone: ZoneInfo,
) -> GapWhy:
    """Why this helper, with what they have, does not cover that part of the block."""
    if not any(overlap(part, free) for free in helper.free):
        return GapWhy.not_available
    parts = [each for each in free_parts(need, helper) if overlap(each, part)]
    if not parts:
        return GapWhy.busy
    pieces = [Piece(start, end, need.role, helper.id) for start, end in parts]
    reasons = [
        barred(each, helper, zone) or in_the_way(each, helper, mine, zone) for each in pieces
    ]
    return next((reason for reason in reasons if reason is None), reasons[0]) or GapWhy.time_ran_out


def in_the_way(
    piece: Piece, helper: Helper, mine: Sequence[Piece], zone: ZoneInfo
) -> GapWhy | None:
    """What of the shifts they have stands against this one."""
    if any(overlap((piece.starts_at, piece.ends_at), (m.starts_at, m.ends_at)) for m in mine):
        return GapWhy.on_another_shift
    if any(overlap(occupied(piece, zone), occupied(each, zone)) for each in mine):
        return GapWhy.rest
    day = local_date(piece.starts_at, zone)
    nights = nights_fixed(helper.fixed, zone) | {
        local_date(each.starts_at, zone)
        for each in mine
        if is_night(each.starts_at, each.ends_at, zone)
    }
    if is_night(piece.starts_at, piece.ends_at, zone) and too_many_nights(
        nights | {day}, day, helper.nights
    ):
        return GapWhy.nights_used_up
    monday = week_begins(day)
    worked = minutes_worked(helper.fixed, monday, zone) + sum(
        each.minutes
        for each in mine
        if each.counts and week_begins(local_date(each.starts_at, zone)) == monday
    )
    if piece.counts and worked + piece.minutes > helper.weekly_minutes:
        return GapWhy.hours_used_up
    return None


def too_many_nights(nights: set[date], day: date, most: int) -> bool:
    """Whether any seven days around this one hold more nights than that."""
    return any(
        sum(first <= night < first + A_WEEK for night in nights) > most
        for first in (day - number * ONE_DAY for number in range(7))
    )


def of_problem(problem: Problem) -> list[list[Piece]]:
    """For every need, in their order, the pieces that are possible, each in canonical order. What
    was published stays possible as it was, for as long as the mentor can."""
    helpers = sorted(problem.helpers, key=lambda each: each.id)
    return [
        sorted(
            {
                piece
                for helper in helpers
                for piece in (
                    *possible(need, helper, problem.zone),
                    *_as_before(need, helper, problem),
                )
            },
            key=lambda piece: (piece.helper, piece.starts_at, piece.ends_at),
        )
        for need in problem.needs
    ]


def _as_before(need: Need, helper: Helper, problem: Problem) -> list[Piece]:
    mine = [each for each in problem.before if each.helper == helper.id]
    parts = free_parts(need, helper) if mine else []
    return [
        piece
        for piece in mine
        if piece.role is need.role
        and any(start <= piece.starts_at and piece.ends_at <= end for start, end in parts)
        and barred(piece, helper, problem.zone) is None
    ]
