"""A real browser's EventSource, with the very lines of the guide and the OpenAPI document."""

import asyncio
import json
import re
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from app.config import Settings
from app.services.streams.stream import Ending
from app.sse import RECIPE
from tests.security.serving import made
from tests.story import Wing
from tests.streams.proxies import cuttable
from tests.streams.serving import served
from tests.streams.test_routes import raises

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
GUIDE = Path(__file__).parents[2] / "docs" / "integrators.md"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
)
PATIENCE = 60


class Page:
    """A page that follows the stream, and tells what it was told to whoever serves it."""

    def __init__(self, call: str) -> None:
        send = 'told => fetch("/told", {method: "POST", body: JSON.stringify(told)})'
        over = f'() => ({send})("over")'
        call = call.replace("TOLD", send).replace("OVER", over)
        self.html = f"<script>{RECIPE}\n{call}</script>"
        self.told: asyncio.Queue[Any] = asyncio.Queue()
        self._before: list[Any] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        body = await reader.readexactly(int(length[1])) if length else b""
        if head.startswith("POST /told "):
            self.told.put_nowait(json.loads(body))
        content = self.html.encode() if head.startswith("GET / ") else b""
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n" % len(content) + content
        )
        await writer.drain()
        writer.close()

    async def next(self) -> Any:
        """What it is told next; what it was told before, as it may be, is not new."""
        async with asyncio.timeout(PATIENCE):
            while (told := await self.told.get()) in self._before:
                pass
        self._before.append(told)
        return told


@asynccontextmanager
async def browser(url: str) -> AsyncIterator[None]:
    """Chromium at this page, for as long as the block runs."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            str(CHROMIUM),
            *(*FLAGS, f"--user-data-dir={folder}", url),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            await process.wait()


def test_the_guide_and_the_document_have_the_same_lines(app: FastAPI) -> None:
    shown = app.openapi()["paths"]["/v1/prisons/{prison_id}/stream"]["get"]["description"]
    assert RECIPE in GUIDE.read_text()
    assert RECIPE in shown


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
async def test_a_browser_is_told_and_comes_again_and_misses_nothing(
    app: FastAPI, settings: Settings, wing: Wing
) -> None:
    """It goes on from where it was after a stream that was ended, and after a line that was cut;
    another one of the same person's takes its place for good."""
    page_socket = await asyncio.start_server(lambda r, w: page.answer(r, w), "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{page_socket.sockets[0].getsockname()[1]}"
    own = made(app, settings, cors_origins=[origin])
    async with (
        page_socket,
        served(own) as upstream,
        cuttable(upstream) as (address, line),
        AsyncExitStack() as at_the_end,
    ):
        at_the_end.push_async_callback(own.state.streams.stop)
        token = json.dumps(wing.clinician.token)
        page = Page(f'follow("{address}", "{wing.prison_id}", () => {token}, TOLD).then(OVER);')
        async with browser(f"{origin}/"):
            async with asyncio.timeout(PATIENCE):
                while not own.state.streams.count:  # noqa: ASYNC110 - the browser comes when it does
                    await asyncio.sleep(0.1)
            first = await raises(wing.support_worker)
            told = await page.next()
            assert (told["type"], told["thing_id"]) == ("concern.raised", first)
            for leave in (lambda: ends(own, Ending.closing), line.cut):
                leave()
                missed = [await raises(wing.support_worker) for _ in range(2)]
                assert [(await page.next())["thing_id"] for _ in missed] == missed
            ends(own, Ending.superseded)
            assert await page.next() == "over"


def ends(own: FastAPI, why: Ending) -> None:
    for feed in own.state.streams._feeds.values():
        for stream in feed.streams:
            stream.end(why)
