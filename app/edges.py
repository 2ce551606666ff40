"""The edges of the API: what surrounds every request before a route sees it.

From the outside in: the security headers and the request's id on every answer, also on our own
mistakes; the line in the log; then, within the handlers, the limits on the head and on addresses.
"""

import base64
import hashlib
import logging
import re
import time
from uuid import UUID, uuid4

import structlog
from asgi_correlation_id import CorrelationIdMiddleware, correlation_id
from fastapi import FastAPI, Request
from secure import (
    CacheControl,
    ContentSecurityPolicy,
    CrossOriginResourcePolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from app.config import Settings
from app.errors import HeadersTooLarge, Refused, UriTooLong
from app.limits import Limits, Rate, household
from app.problems import problem
from app.urgent import raises_a_concern

log = structlog.get_logger(__name__)
REQUEST_ID = "X-Request-ID"
LONGEST_HEADERS = 16 * 1024  # bytes, names and values
LONGEST_ADDRESS = 8 * 1024  # bytes, path and query
HSTS_SECONDS = 365 * 24 * 3600
_HEALTH = ("/health", "/health/escalation", "/health/channels", "/metrics")


def install(app: FastAPI, config: Settings) -> None:
    """Put the edges around the app. What is added to it later stands outside the limits."""
    app.state.limits = Limits(config)
    app.add_middleware(AddressLimit)
    app.add_middleware(HeadLimits)
    build = app.build_middleware_stack

    def surrounded() -> ASGIApp:
        logged = AccessLog(build())
        headed = SecurityHeaders(logged, hsts=config.production)
        return CorrelationIdMiddleware(
            headed,
            header_name=REQUEST_ID,
            validator=None,  # it would warn of every wrong one, as often as anybody likes
            transformer=request_id,
        )

    app.build_middleware_stack = surrounded  # type: ignore[method-assign]


def request_id(given: str) -> str:
    """The id a request comes with, if it is a UUID and so can say nothing; else a new one."""
    try:
        return str(UUID(given))
    except ValueError:
        return str(uuid4())


class AccessLog:
    """One line a request: method, route, status, milliseconds and id; no address, no query."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with bound_contextvars(request_id=correlation_id.get()):
            try:
                await self.app(scope, receive, noted)
            finally:
                log.log(
                    logging.DEBUG if scope["path"] in _HEALTH else logging.INFO,
                    "answered",
                    method=scope["method"],
                    route=getattr(scope.get("route"), "path_format", "none"),
                    status=status,
                    milliseconds=round((time.perf_counter() - began) * 1000, 1),
                )


class SecurityHeaders:
    """Headers for browsers on every answer. What a route has set itself stands."""

    def __init__(self, app: ASGIApp, *, hsts: bool) -> None:
        self.app = app
        made = Secure(
            cache=CacheControl().no_store(),
            corp=CrossOriginResourcePolicy().same_origin(),
            csp=ContentSecurityPolicy().default_src("'none'").frame_ancestors("'none'"),
            hsts=StrictTransportSecurity().max_age(HSTS_SECONDS) if hsts else None,
            referrer=ReferrerPolicy().no_referrer(),
            xcto=XContentTypeOptions().nosniff(),
            xfo=XFrameOptions().deny(),
        )
        self.headers = dict(made.headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    present.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, headed)


def docs_policy(page: bytes) -> str:
    """What the docs page may load: its own assets, and of scripts within it only its own."""
    scripts = re.findall(rb"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts]
    return (
        ContentSecurityPolicy()
        .default_src("'none'")
        .script_src("'self'", *(f"'sha256-{each}'" for each in hashes))
        .style_src("'self'", "'unsafe-inline'")
        .img_src("'self'", "data:")
        .connect_src("'self'")
        .base_uri("'none'")
        .form_action("'none'")
        .frame_ancestors("'none'")
        .header_value
    )


class HeadLimits:
    """Refuses heads that no client of ours sends."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refusal(scope) if scope["type"] == "http" else None
        if refused is None:
            await self.app(scope, receive, send)
        else:
            await problem(Request(scope), refused)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refused | None:
        address = len(scope.get("raw_path") or b"") + len(scope["query_string"])
        if address > LONGEST_ADDRESS:
            return UriTooLong(f"The address may have at most {LONGEST_ADDRESS} bytes.")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > LONGEST_HEADERS:
            return HeadersTooLarge(f"The headers may have at most {LONGEST_HEADERS} bytes.")
        return None


class AddressLimit:
    """Refuses an address that asks too often, but never its concerns, and never health."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("client") and scope["path"] not in _HEALTH:
            request = Request(scope)
            if not raises_a_concern(request):
                limits: Limits = request.app.state.limits
                try:
                    await limits.spend(Rate.address, household(scope["client"][0]))
                except Refused as refused:
                    await problem(request, refused)(scope, receive, send)
                    return
        await self.app(scope, receive, send)
