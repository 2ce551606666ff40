"""The one way the service says no over HTTP: RFC 9457 `application/problem+json`."""

from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import structlog
from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Field, SQLModel
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.db import LOST_CONNECTION
from app.errors import (
    NOT_SAVED,
    Busy,
    Conflicting,
    Invalid,
    NotAllowed,
    NotFound,
    Refused,
    TokenRevoked,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    field_errors,
    from_constraint,
)
from app.models.base import Output
from app.models.rotas import GapAccepted
from app.models.series import LeftOut
from app.models.sessions import ClashForMentor, ClashRead
from app.urgent import raises_a_concern

log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
# Lost, without room on a disk, in memory or for one more connection, shutting down, or failing to
# read or write: nothing that the request did wrong.
AWAY = {"08", "53", "57", "58"}
RETRYABLE = {"40P01", "40001", "55P03", "57014"}


class ProblemError(Output):
    """One mistake in what was sent, or one reason why it cannot be."""

    field: str = Field(description="Its path in what was sent, as `mentee_ids.0`; `body`: all.")
    code: str = Field(description="Stable: for programs.")
    message: str = Field(description="A sentence for people.")


class Problem(SQLModel):
    """Why a request was not carried out (RFC 9457). `code` is stable; show `detail` to people."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str = Field(description="The request's id, as in `X-Request-ID`: quote it.")
    errors: list[ProblemError]
    clashes: list[ClashRead | ClashForMentor] = Field(
        default_factory=list,
        description="Only of plans that clash: each reason, and what it is about.",
    )
    left_out: list[LeftOut] = Field(
        default_factory=list,
        description="Only of a series that is not planned: its meetings that clash.",
    )
    gaps: list[GapAccepted] = Field(
        default_factory=list,
        description="Only of a rota that leaves hours open: what `accepted_gaps` must name.",
    )
    state: str = Field(
        default_factory=str,
        description="Only of a move that there is not: the state it would leave.",
    )
    line: int = Field(
        default_factory=int, description="Only of a file that cannot be read: how far it can."
    )
    column: int = Field(default_factory=int, description="As `line`, within it.")
    byte: int = Field(default_factory=int, description="As `line`, counted from the beginning.")


def problem(request: Request, refused: Refused) -> Response:
    """The reply for a refusal. Refusing a concern begins by saying that nothing was saved."""
    title, detail = refused.title, refused.detail
    request.scope.setdefault("state", {})["refusal"] = refused.code
    if raises_a_concern(request):
        title, detail = NOT_SAVED, f"{NOT_SAVED}. {detail}"
    body: dict[str, Any] = {
        "type": f"urn:wellwing:problem:{refused.code}",
        "title": title,
        "status": refused.status,
        "code": refused.code,
        "detail": detail,
        "instance": f"urn:uuid:{correlation_id.get() or uuid4()}",
        "errors": [
            {"field": error.field, "code": error.code, "message": error.message}
            for error in refused.errors
        ],
        **refused.extra,
    }
    return Response(
        orjson.dumps(body),
        status_code=refused.status,
        headers=dict(refused.headers),
        media_type=MEDIA_TYPE,
    )


def _from_http(error: HTTPException) -> Refused:
    if error.status_code == 404:
        return NotFound("There is no such address.")
    if error.status_code == 413:
        return TooLarge()
    if error.status_code == 400:  # bytes that are no text at all
        return Invalid.field("body", "json_invalid", "is no JSON")
    refused = Refused(str(error.detail))
    refused.status = error.status_code  # type: ignore[misc]
    refused.code = f"http_{error.status_code}"  # type: ignore[misc]
    refused.headers = error.headers or {}
    return refused


def from_database(error: DBAPIError) -> Refused | None:
    """The refusal behind a database error, or None when it is ours to mend."""
    driver = error.driver_exception if hasattr(error, "driver_exception") else error.orig
    sqlstate = getattr(driver, "sqlstate", None)
    if isinstance(error, IntegrityError):
        return from_constraint(getattr(driver, "constraint_name", None), sqlstate)
    lost = error.connection_invalidated or str(sqlstate)[:2] in AWAY
    if lost or sqlstate in RETRYABLE:
        return Busy()
    return None


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return problem(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = field_errors(error.errors())
    if all(each["loc"][:1] == ("path",) for each in error.errors()):
        return problem(request, NotFound())
    detail = "; ".join(f"{each.field}: {each.message}" for each in errors[:5])
    return problem(request, Invalid(f"{detail}.", errors=errors))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(request, _from_http(error))


async def _database(request: Request, error: Exception) -> Response:
    assert isinstance(error, DBAPIError)
    refused = from_database(error)
    return problem(request, refused) if refused else await _unexpected(request, error)


async def _unreachable(request: Request, _: Exception) -> Response:
    return problem(request, Busy())


async def _unexpected(request: Request, error: Exception) -> Response:
    """A mistake of ours: the reply holds a reference, the log holds the rest, neither any data."""
    refused = Refused("Something went wrong on our side. Quote the reference in `instance`.")
    refused.status, refused.code, refused.title = 500, "internal", "Internal error"  # type: ignore[misc]
    response = problem(request, refused)
    log.error(
        "unexpected",
        instance=orjson.loads(bytes(response.body))["instance"],
        exc_info=(type(error), None, error.__traceback__),
    )
    return response


class _TooLargeInWords:
    """FastAPI's limit on bodies answers 413 as plain text, from outside the handlers; this puts
    the problem in its place."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        plain = False

        async def spoken(message: Message) -> None:
            nonlocal plain
            if message["type"] == "http.response.start" and message["status"] == 413:
                plain = Headers(raw=message["headers"]).get("content-type") != MEDIA_TYPE
                if plain:
                    await problem(Request(scope), TooLarge())(scope, receive, send)
            if not plain:
                await send(message)

        await self.app(scope, receive, spoken)


def install(app: FastAPI) -> None:
    """Register the handlers."""
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: _TooLargeInWords(build())  # type: ignore[method-assign]
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DBAPIError, _database)
    away = (
        asyncpg.PostgresConnectionError,
        asyncpg.CannotConnectNowError,
        asyncpg.InsufficientResourcesError,
        asyncpg.PostgresSystemError,
        *LOST_CONNECTION,
    )
    for kind in (PoolTimeout, OSError, *away):
        app.add_exception_handler(kind, _unreachable)
    app.add_exception_handler(Exception, _unexpected)


def refusals(*kinds: type[Refused]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: each refusal declared, with an example.

    The schema is named here and defined in `app/openapi.py`: a `model` would be declared as
    `application/json`, which no refusal is.
    """
    declared: dict[int | str, dict[str, Any]] = {}
    always: tuple[type[Refused], ...] = (
        Unauthenticated,
        TokenRevoked,
        NotAllowed,
        NotFound,
        Invalid,
        TooManyRequests,
        Busy,
    )
    for kind in (*always, *kinds):
        content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
        entry = declared.setdefault(kind.status, {"content": {MEDIA_TYPE: content}})
        examples = entry["content"][MEDIA_TYPE]["examples"]
        examples[kind.code] = {"summary": kind.title, "value": example_of(kind)}
        entry["description"] = "; ".join(each["summary"] for each in examples.values())
        for name, value in kind.headers.items():
            entry.setdefault("headers", {})[name] = {
                "schema": {"type": "string"},
                "example": value,
            }
    return declared


def example_of(kind: type[Refused]) -> dict[str, Any]:
    return {
        "type": f"urn:wellwing:problem:{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "code": kind.code,
        "detail": f"{kind.title}.",
        "instance": "urn:uuid:0198c0de-0000-7000-8000-000000000000",
        "errors": [],
    }


__all__ = ["Conflicting", "Problem", "install", "problem", "refusals"]
