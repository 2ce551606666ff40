"""What an address says: the row a path names, as far as its actor may see it, and the query."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Header, Path, Request
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from app.access import CurrentActor
from app.db import Db
from app.errors import FieldError, Invalid
from app.replies import check_match
from app.scope import load
from app.visibility import shape

T = TypeVar("T", bound=SQLModel)
First = Callable[[AsyncSession, Any], Awaitable[None]]

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The ETag you read; 412 when it is stale."),
]


def _declared(route: APIRoute) -> frozenset[str]:
    """The query parameters a route knows; a query model stands for its fields."""
    names: set[str] = set()
    for parameter in route.dependant.query_params:
        model = parameter.field_info.annotation
        fields = getattr(model, "model_fields", None)
        if fields:
            names |= {field.alias or name for name, field in fields.items()}
        else:
            names.add(parameter.alias)
    return frozenset(names)


async def known_query(request: Request) -> None:
    """Refuse a query parameter that the route does not know: a misspelt filter widens nothing."""
    if not request.url.query:
        return
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    unknown = sorted(set(request.query_params) - _declared(route))
    if unknown:
        message = "is not a parameter of this address"
        raise Invalid(
            f"{len(unknown)} parameters are not known here.",
            errors=[FieldError(name[:60], "unknown_parameter", message) for name in unknown[:10]],
        )


def to_read(model: type[T], name: str) -> Callable[..., Any]:
    """The row named by the path parameter `name`, to be read."""

    async def one(
        db: Db, actor: CurrentActor, row_id: Annotated[UUID, Path(alias=name)]
    ) -> SQLModel:
        return await load(db, model, actor, row_id, lock=False)

    return one


def to_change(
    model: type[T],
    name: str,
    *,
    match: bool,
    first: First | None = None,
    shown_as: str | None = None,
) -> Callable[..., Any]:
    """The row named by the path parameter `name`, locked. With `match`, If-Match is needed.

    `first` is given the row before it is locked, to take what others lock before it. `shown_as`:
    who is shown it without a version there learns none by trying, either.
    """

    async def one(
        db: Db,
        actor: CurrentActor,
        row_id: Annotated[UUID, Path(alias=name)],
        if_match: IfMatch = None,
    ) -> SQLModel:
        if first is not None:
            seen = await load(db, model, actor, row_id, lock=False)
            await first(db, seen)
            db.expunge(seen)  # what it says is read again, under the lock
        row = await load(db, model, actor, row_id, lock=True)
        if shown_as is None or "version" in shape(shown_as, actor.role).model_fields:
            check_match(row.version, if_match, needed=match)  # type: ignore[attr-defined]
        return row

    return one
