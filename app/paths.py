"""Path dependencies: load the row a path names, through what its actor may see."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Header, Path
from sqlmodel import SQLModel

from app.access import CurrentActor
from app.db import Db
from app.replies import check_match
from app.scope import load

T = TypeVar("T", bound=SQLModel)

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The ETag you read; 412 when it is stale."),
]


def to_read(model: type[T], name: str) -> Callable[..., Any]:
    """The row named by the path parameter `name`, to be read."""

    async def one(
        db: Db, actor: CurrentActor, row_id: Annotated[UUID, Path(alias=name)]
    ) -> SQLModel:
        return await load(db, model, actor, row_id, lock=False)

    return one


def to_change(model: type[T], name: str, *, match: bool) -> Callable[..., Any]:
    """The row named by the path parameter `name`, locked. With `match`, If-Match is needed."""

    async def one(
        db: Db,
        actor: CurrentActor,
        row_id: Annotated[UUID, Path(alias=name)],
        if_match: IfMatch = None,
    ) -> SQLModel:
        row = await load(db, model, actor, row_id, lock=True)
        check_match(row.version, if_match, needed=match)  # type: ignore[attr-defined]
        return row

    return one
