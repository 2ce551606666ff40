"""The API: routers, error handlers, lifespan; nothing else."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import fastapi_offline
import orjson
from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles

from app import __version__, edges, logs, openapi, problems, replies
from app.audit import Audited, Auditor
from app.config import Settings, settings
from app.models.software import Process
from app.paths import known_query
from app.routers import every_router
from app.runtime import find_database, open_database
from app.services import software
from app.services.streams import Streams
from app.tokens import verifier_for

# What a page of another origin may send and read.
ASKED_WITH = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Last-Event-ID")
ANSWERED_WITH = (
    "Content-Disposition",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "Retry-After",
)
DOCS_ASSETS = Path(fastapi_offline.__file__).parent / "static"


def _lifespan(config: Settings) -> Callable[[FastAPI], object]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        config.check_production()
        urls = await asyncio.to_thread(find_database, config)
        app.state.database = await open_database(config, urls.application)
        app.state.verifier = verifier_for(config)
        app.state.auditor.start()
        await software.started(app.state.database, Process.api, config)
        gc.freeze()  # what begins with the process stays: no request waits while it is walked
        yield
        await app.state.streams.stop()
        await app.state.auditor.stop()
        await app.state.database.close()

    return lifespan


def _operation_id(route: APIRoute) -> str:
    return route.name


def create_app(config: Settings | None = None) -> FastAPI:
    """The API, as uvicorn's factory and the tests make it."""
    config = config or settings()
    logs.configure(config.log_level)
    app = FastAPI(
        title="Wellwing",
        version=__version__,
        lifespan=_lifespan(config),  # type: ignore[arg-type]
        generate_unique_id_function=_operation_id,
        max_body_size=config.max_body_bytes,
        dependencies=[Depends(known_query)],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a POST answered by a redirect is easily taken for saved
    )
    app.state.settings = config
    app.state.auditor = Auditor(app.state, config.spool_dir)
    app.state.streams = Streams(
        app.state, most=config.streams_most, patience=config.stream_patience_seconds
    )
    problems.install(app)
    app.add_exception_handler(replies.Replayed, replies.replayed)
    for router in every_router(config):
        app.include_router(router)
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    app.add_middleware(Audited)
    edges.install(app, config)
    if config.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=config.cors_origins,
            allow_methods=["*"],
            allow_headers=[*ASKED_WITH, edges.REQUEST_ID],
            expose_headers=[*ANSWERED_WITH, edges.REQUEST_ID],
        )
    _serve_document(app)
    _serve_docs(app)
    return app


def _serve_document(app: FastAPI) -> None:
    """The OpenAPI document. It takes seconds to make: once, and beside the loop, for meanwhile
    somebody raises a concern."""
    turn = asyncio.Lock()

    @cache
    def written() -> bytes:
        return orjson.dumps(app.openapi())

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi_document() -> Response:
        async with turn:
            content = await asyncio.to_thread(written)
        return Response(content, media_type="application/json")


def _serve_docs(app: FastAPI) -> None:
    """The docs page with its own assets: it works without the internet."""
    app.mount("/docs/assets", StaticFiles(directory=DOCS_ASSETS), name="docs_assets")

    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Wellwing",
        swagger_js_url="/docs/assets/swagger-ui-bundle.js",
        swagger_css_url="/docs/assets/swagger-ui.css",
        swagger_favicon_url="/docs/assets/favicon.png",
    )
    page.headers["Content-Security-Policy"] = edges.docs_policy(bytes(page.body))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return page
