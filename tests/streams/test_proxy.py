"""Streams through a proxy: events come at once, a stream goes on, and who is gone is gone."""

import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.story import Wing
from tests.streams.proxies import NGINX, gathering, nginx
from tests.streams.reader import Readers
from tests.streams.serving import served
from tests.streams.test_routes import raises


@pytest.mark.skipif(NGINX is None, reason="there is no nginx on this machine")
async def test_through_nginx_as_the_guide_sets_it_up(
    app: FastAPI, wing: Wing, tmp_path: Path
) -> None:
    async with (
        served(app) as upstream,
        nginx(tmp_path, upstream) as (address, trusting),
        httpx.AsyncClient(base_url=address, verify=trusting, timeout=10) as client,
    ):
        readers = Readers(client)
        first = await readers.open(wing.clinician)
        assert "content-encoding" not in first.response.headers
        concern = await raises(wing.support_worker)
        await first.until(lambda: first.of(concern), seconds=3)
        last = await first.until_numbered()
        await readers.close()  # the browser is gone: so is what nginx held for it
        async with asyncio.timeout(5):
            while app.state.streams.count:  # noqa: ASYNC110 - it is nginx's to end
                await asyncio.sleep(0.05)
        missed = await raises(wing.support_worker)
        readers = Readers(client)
        again = await readers.open(wing.clinician, last=last)
        await again.until(lambda: again.of(missed), seconds=3)
        assert again.of(concern) == []
        assert (await client.get("/health")).status_code == 200
        await readers.close()
    assert "ticket=" not in (tmp_path / "access.log").read_text()


async def test_a_proxy_that_gathers_is_asked_not_to(app: FastAPI, wing: Wing) -> None:
    async with (
        served(app) as upstream,
        gathering(upstream, heeds=True) as address,
        httpx.AsyncClient(base_url=address, timeout=10) as client,
    ):
        readers = Readers(client)
        reader = await readers.open(wing.clinician)
        concern = await raises(wing.support_worker)
        await reader.until(lambda: reader.of(concern), seconds=3)
        await readers.close()


async def test_a_proxy_that_gathers_all_the_same_holds_it_back(app: FastAPI, wing: Wing) -> None:
    """What the test before would find, were it not asked."""
    async with (
        served(app) as upstream,
        gathering(upstream, heeds=False) as address,
        httpx.AsyncClient(base_url=address, timeout=10) as client,
    ):
        readers = Readers(client)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await readers.open(wing.clinician)
        await readers.close()
