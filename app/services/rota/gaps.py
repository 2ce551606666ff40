"""The hours that nobody covers, named, with what keeps each mentor from them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from app.models.rotas import GapWhy
from app.services.rota.candidates import why_not
from app.services.rota.pricing import cover
from app.services.rota.problem import Gap, Need, Piece, Problem, Span


def gaps_of(problem: Problem, pieces: Sequence[Piece]) -> list[Gap]:
    """Every gap, in order; stretches of one block that lack the same for the same reasons are
    one."""
    found: list[Gap] = []
    for need, atom, there in cover(problem.needs, pieces):
        if there >= need.needed:
            continue
        why = _why(problem, need, atom, pieces)
        gap = Gap(need.role, need.day, *atom, need.needed - there, why)
        if found and _goes_on(found[-1], gap):
            found[-1] = replace(found[-1], ends_at=gap.ends_at)
        else:
            found.append(gap)
    return sorted(found, key=lambda each: (each.starts_at, each.role, each.ends_at))


def _goes_on(last: Gap, gap: Gap) -> bool:
    """Whether the one ends where the other begins, and they lack the same."""
    same = replace(last, starts_at=gap.starts_at, ends_at=gap.ends_at) == gap
    return same and last.ends_at == gap.starts_at


def _why(problem: Problem, need: Need, atom: Span, pieces: Sequence[Piece]) -> dict[GapWhy, int]:
    """How many mentors each reason keeps from it; whoever serves there already is not counted."""
    of_helper: dict[UUID, list[Piece]] = defaultdict(list)
    for piece in pieces:
        of_helper[piece.helper].append(piece)
    reasons = Counter(
        why_not(need, atom, helper, of_helper[helper.id], problem.zone)
        for helper in problem.helpers
        if not any(
            piece.role is need.role and piece.starts_at <= atom[0] and atom[1] <= piece.ends_at
            for piece in of_helper[helper.id]
        )
    )
    return {reason: reasons[reason] for reason in GapWhy if reasons[reason]}
