"""Limits how often somebody may find out who cannot be brought together with whom.

Each refusal that tells of a pair counts; when too many were told, no pair is tested until the
window frees. Ordinary work, which is seldom refused, never meets the limit.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.access import CurrentActor
from app.errors import Clash, NotPairable, Refused, TooManyPairChecks
from app.limits import Limits, Rate

UNTOLD = {"cannot_attend_together", "unavailable"}


def tells_of_a_pair(refused: Refused) -> bool:
    """Whether the refusal says that two cannot meet. Towards mentors every reason is one word, so
    each may."""
    return isinstance(refused, NotPairable) or any(
        error.field.startswith(("mentee", "participations")) or error.code in UNTOLD
        for error in refused.errors
    )


async def counted(request: Request, actor: CurrentActor) -> AsyncIterator[None]:
    """Count what the route refuses. Raises TooManyPairChecks, before anything is tested."""
    limits: Limits = request.app.state.limits
    who = f"{actor.prison_id} {actor.subject}"
    await limits.check(Rate.pairs, who)
    try:
        yield
    except (NotPairable, Clash) as refused:
        if tells_of_a_pair(refused):
            await limits.spend(Rate.pairs, who)
        raise


PairsCounted = Depends(counted, scope="function")


async def noted(request: Request, actor: CurrentActor) -> "PairsNoted":
    return PairsNoted(request.app.state.limits, f"{actor.prison_id} {actor.subject}")


@dataclass(frozen=True, slots=True)
class PairsNoted:
    """For facts, which are recorded however often pairs were tested: what was told with them counts
    against what may be tested after."""

    limits: Limits
    who: str

    async def count(self, kinds: Iterable[str]) -> None:
        if UNTOLD.intersection(kinds):
            with suppress(TooManyPairChecks):
                await self.limits.spend(Rate.pairs, self.who)


NotesPairs = Annotated[PairsNoted, Depends(noted)]


@dataclass(frozen=True, slots=True)
class PairsTold:
    """For answers that are no refusal and still tell of a pair: the route says when one does."""

    limits: Limits
    who: str

    async def count(self, *, if_so: bool) -> None:
        if if_so:
            await self.limits.spend(Rate.pairs, self.who)


async def telling(request: Request, actor: CurrentActor) -> PairsTold:
    """Raises TooManyPairChecks, before anything is tested."""
    told = PairsTold(request.app.state.limits, f"{actor.prison_id} {actor.subject}")
    await told.limits.check(Rate.pairs, told.who)
    return told


TellsOfPairs = Annotated[PairsTold, Depends(telling)]
