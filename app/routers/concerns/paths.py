"""Path dependencies of concerns, shared by the modules of this package."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends

from app.access import CurrentActor
from app.models.concerns import (
    Concern,
    ConcernForGovernor,
    ConcernForMachine,
    ConcernForWing,
    ConcernRead,
    ConcernReceipt,
)
from app.paths import to_change, to_read
from app.services.concerns.routing import may_change

ThisConcern = Annotated[Concern, Depends(to_read(Concern, "concern_id"))]


def _to_change(*, match: bool) -> Callable[..., Any]:
    """The concern, locked; not one that is seen through a broken glass alone."""

    async def one(
        actor: CurrentActor,
        concern: Annotated[Concern, Depends(to_change(Concern, "concern_id", match=match))],
    ) -> Concern:
        may_change(concern, actor)
        return concern

    return one


ConcernToChange = Annotated[Concern, Depends(_to_change(match=False))]
ConcernToPut = Annotated[Concern, Depends(_to_change(match=True))]
AnyConcern = ConcernRead | ConcernForGovernor | ConcernForWing | ConcernForMachine | ConcernReceipt
