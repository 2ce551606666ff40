"""A first rota, quickly: what stood before where it still can, then whoever has least."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from uuid import UUID

from app.services.rota.candidates import in_the_way
from app.services.rota.pricing import covers
from app.services.rota.problem import Piece, Problem


def first_rota(problem: Problem, pieces: Sequence[Sequence[Piece]]) -> frozenset[Piece]:
    """A rota that breaks nothing. The solver makes it better, and falls back on it."""
    helpers = {each.id: each for each in problem.helpers}
    wanted = problem.before | problem.hint
    mine: dict[UUID, list[Piece]] = defaultdict(list)
    load = Counter[UUID]()
    for need, possible in zip(problem.needs, pieces, strict=True):
        whole = [p for p in possible if covers(p, need, (need.starts_at, need.ends_at))]
        missing = need.needed
        for piece in sorted(whole, key=lambda p: (p not in wanted, load[p.helper], p.helper)):
            if not missing:
                break
            if in_the_way(piece, helpers[piece.helper], mine[piece.helper], problem.zone) is None:
                mine[piece.helper].append(piece)
                load[piece.helper] += piece.minutes
                missing -= 1
    return frozenset(piece for theirs in mine.values() for piece in theirs)
