"""Path dependencies of concerns, shared by the modules of this package."""

from typing import Annotated

from fastapi import Depends

from app.models.concerns import (
    Concern,
    ConcernForGovernor,
    ConcernForWing,
    ConcernRead,
    ConcernReceipt,
)
from app.paths import to_change, to_read

ThisConcern = Annotated[Concern, Depends(to_read(Concern, "concern_id"))]
ConcernToChange = Annotated[Concern, Depends(to_change(Concern, "concern_id", match=False))]
ConcernToPut = Annotated[Concern, Depends(to_change(Concern, "concern_id", match=True))]
AnyConcern = ConcernRead | ConcernForGovernor | ConcernForWing | ConcernReceipt
