"""Limits how often somebody may find out who cannot be brought together with whom.

Each refusal that tells of a pair counts; when too many were told, no pair is tested until the
window frees. Ordinary work, which is seldom refused, never meets the limit.
"""

from collections.abc import AsyncIterator

from fastapi import Depends, Request

from app.access import CurrentActor
from app.errors import Clash, NotPairable, Refused
from app.limits import Limits, Rate


def tells_of_a_pair(refused: Refused) -> bool:
    """Whether the refusal says that a mentor and a mentee cannot meet. Towards mentors every
    reason is one word, so each may."""
    return isinstance(refused, NotPairable) or any(
        error.field.startswith(("mentee", "participations")) or error.code == "unavailable"
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
