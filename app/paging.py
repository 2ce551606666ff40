"""Lists: PostgreSQL builds the page's JSON in one statement, and the bytes go out as they are.

The narrowed select is compiled once for each (resource, role, filter shape) and kept; its columns
come from the audience's Read shape. Cursors are opaque, signed, and bound to the query they came
from.
"""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import orjson
from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, model_validator
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlmodel import Field, SQLModel

from app.access import Actor
from app.config import settings
from app.db import Database
from app.errors import Invalid, NotAllowed
from app.models.staff import Role
from app.scope import narrowed

_DIALECT = PGDialect_asyncpg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
Item = TypeVar("Item")
LINES_A_PAGE = 1000


class Page(BaseModel, Generic[Item]):  # SQLModel would leave the items untyped
    """A page: its items, and the cursor of the next one (null at the end)."""

    items: list[Item]
    next: str | None


class PageQuery(SQLModel):
    """What every list takes; subclasses add their filters. Unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")  # type: ignore[assignment]

    limit: int = Field(default=50, ge=1, le=200, description="Items a page.")
    cursor: str | None = Field(default=None, max_length=600, description="From the page before.")

    @model_validator(mode="before")
    @classmethod
    def _without_nul(cls, values: Any) -> Any:
        """PostgreSQL takes no NUL in text; the parameter is named here, once for every filter."""
        for name, value in dict(values).items():
            if isinstance(value, str) and "\x00" in value:
                raise ValueError(f"{name}: must not hold NUL")
        return values


def whole(items: Sequence[Any]) -> Page[Any]:
    """A short list that is always answered whole, in the shape of a page."""
    return Page[Any](items=list(items), next=None)


def _sign(payload: bytes) -> bytes:
    key = settings().secret_key.get_secret_value().encode()
    return hmac.new(key, payload, hashlib.sha256).digest()[:16]


def write_cursor(query: str, key: str, row_id: str) -> str:
    payload = orjson.dumps([query, key, row_id])
    return base64.urlsafe_b64encode(_sign(payload) + payload).rstrip(b"=").decode()


def read_cursor(cursor: str, query: str) -> tuple[str, str]:
    """The sort key and id a cursor stands for; refuses a changed one and another list's."""
    wrong = Invalid.field("cursor", "cursor", "this cursor is not one of this list's")
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        raise wrong from None
    signature, payload = raw[:16], raw[16:]
    if not hmac.compare_digest(signature, _sign(payload)):
        raise wrong
    of_query, key, row_id = orjson.loads(payload)
    if of_query != query:
        raise wrong
    return key, row_id


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as asyncpg takes it, and how to put its arguments in order."""

    sql: str
    names: tuple[str, ...]
    literals: Mapping[str, Any]
    processors: Mapping[str, Callable[[Any], Any]]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The arguments in order: `values` first, then what the statement holds itself."""
        return [
            process(value) if (process := self.processors.get(name)) else value
            for name in self.names
            for value in (values[name] if name in values else self.literals[name],)
        ]


def compiled(statement: Select[Any]) -> Compiled:
    """A statement as asyncpg takes it, with its required bind parameters left open."""
    found = statement.compile(dialect=_DIALECT)
    open_values = {bind.key: None for bind in found.binds.values() if bind.required}
    state = found.construct_expanded_state(open_values)  # spells out each `IN (...)`
    processors: Any = found._bind_processors  # how enums and the like become arguments
    return Compiled(
        state.statement,
        tuple(state.positiontup or ()),
        state.parameters,
        {**processors, **state.processors},
    )


class Listing:
    """A list of one resource: its shape for each role, its filters and its sorts."""

    def __init__(
        self,
        model: type[SQLModel],
        shapes: Mapping[Role, type[SQLModel]],
        *,
        filters: Mapping[str, Callable[[Any], ColumnElement[bool]]] | None = None,
        sorts: Mapping[str, Any],
        computed: Mapping[str, Any] | None = None,
        audited: Any = None,
    ) -> None:
        """`audited`: the id by which the audit knows a row; its own, unless told."""
        self.model = model
        self.shapes = shapes
        self.filters = dict(filters or {})
        self.sorts = dict(sorts)
        self.computed = dict(computed or {})
        self.audited = model.id if audited is None else audited  # type: ignore[attr-defined]
        self._compile = lru_cache(maxsize=512)(self._compile_uncached)

    def shape_for(self, role: Role) -> type[SQLModel]:
        shape = self.shapes.get(role) or self.shapes.get(role.family)
        if shape is None:
            raise NotAllowed()
        return shape

    def _column(self, name: str) -> Any:
        return self.computed[name] if name in self.computed else getattr(self.model, name)

    def _compile_uncached(
        self, role: Role, used: tuple[str, ...], sort: str, after: bool
    ) -> "Compiled":
        """The statement for one role and filter shape."""
        descending, key = sort.startswith("-"), self.sorts[sort.removeprefix("-")]
        row_id = self.model.id  # type: ignore[attr-defined]
        columns = [
            self._column(name).label(name)
            for name in self.shape_for(role).model_fields
            if name != "moves"
        ]
        page = narrowed(self.model, role).with_only_columns(
            *columns,
            key.label("~key"),
            row_id.label("~id"),
            self.audited.label("~shown"),
        )
        for name in used:
            page = page.where(self.filters[name](bindparam(name)))
        if after:
            at = tuple_(
                cast(cast(bindparam("after_key"), String), key.type),
                cast(cast(bindparam("after_id"), String), PGUUID),
            )
            here = tuple_(key, row_id)
            page = page.where(here < at if descending else here > at)
        order = (key.desc(), row_id.desc()) if descending else (key, row_id)
        found = page.order_by(*order).limit(bindparam("page_limit") + 1).subquery("p")
        numbered = select(*found.c, func.row_number().over().label("~n")).subquery("n")
        shown = select(*[numbered.c[column.name] for column in columns])
        item = shown.correlate(numbered).lateral("item")
        limit: ColumnElement[Any] = bindparam("page_limit")
        last = numbered.c["~n"] == limit
        whole = select(
            func.json_agg(literal_column("item")).filter(numbered.c["~n"] <= limit),
            func.count(),
            func.max(cast(numbered.c["~key"], String)).filter(last),
            func.max(cast(numbered.c["~id"], String)).filter(last),
            func.json_agg(numbered.c["~shown"]).filter(numbered.c["~n"] <= limit),
        ).select_from(numbered.join(item, literal_column("true")))
        return compiled(whole)

    async def _read(
        self,
        db: Database,
        actor: Actor,
        given: Mapping[str, Any],
        sort: str,
        limit: int,
        after: tuple[str, str] | None,
    ) -> Any:
        """One page: items, count (one more than the limit when more follow), last key and id, and
        the ids the audit keeps; all as the database's JSON."""
        statement = self._compile(actor.role, tuple(given), sort, after is not None)
        values: dict[str, Any] = {**actor.scope(), **given, "page_limit": limit}
        if after is not None:
            values["after_key"], values["after_id"] = after
        row = await db.fetchrow(actor.prison_id, statement.sql, *statement.arguments(values))
        assert row is not None
        return row

    async def lines(
        self, db: Database, actor: Actor, sort: str, given: Mapping[str, Any]
    ) -> AsyncIterator[bytes]:
        """Every item as a line of JSON, page after page: for exports."""
        after: tuple[str, str] | None = None
        while True:
            items, count, key, row_id, _ = await self._read(
                db, actor, given, sort, LINES_A_PAGE, after
            )
            for item in orjson.loads(items or "[]"):
                yield orjson.dumps(item) + b"\n"
            if count <= LINES_A_PAGE:
                return
            after = (key, row_id)

    async def page(
        self,
        request: Request,
        db: Database,
        actor: Actor,
        query: PageQuery,
        sort: str,
        **fixed: Any,
    ) -> Response:
        """The page as a response, with `Link: <...>; rel="next"` where there is one.

        `fixed` are filters that the path sets, not the query.
        """
        asked = {**{name: getattr(query, name, None) for name in self.filters}, **fixed}
        given = {name: value for name, value in asked.items() if value is not None}
        bound = f"{self.model.__name__} {sort} {orjson.dumps(given, default=str).decode()}"
        after = read_cursor(query.cursor, bound) if query.cursor is not None else None
        found = await self._read(db, actor, given, sort, query.limit, after)
        items, count, key, row_id, shown = found
        request.state.trail.listed = orjson.Fragment(shown or "[]")
        following = write_cursor(bound, key, row_id) if count > query.limit else None
        return _linked(request, (items or "[]").encode(), following)


def linked(request: Request, items: Sequence[BaseModel], following: str | None) -> Response:
    """A page put together by hand, as a response."""
    told = b",".join(each.model_dump_json().encode() for each in items)
    return _linked(request, b"[%b]" % told, following)


def _linked(request: Request, items: bytes, following: str | None) -> Response:
    """A page's JSON, and where the next one is."""
    body = b'{"items":%b,"next":%b}' % (items, orjson.dumps(following))
    response = Response(body, media_type="application/json")
    if following:
        parameters = {**request.query_params, "cursor": following}
        response.headers["Link"] = f'<{request.url.path}?{urlencode(parameters)}>; rel="next"'
    return response
