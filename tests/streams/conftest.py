"""The tests' API over real connections, and readers of its streams."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from tests.streams.reader import Readers
from tests.streams.serving import served


@pytest.fixture
async def readers(app: FastAPI) -> AsyncIterator[Readers]:
    async with (
        served(app) as address,
        httpx.AsyncClient(base_url=address, timeout=httpx.Timeout(10)) as client,
    ):
        found = Readers(client)
        yield found
        await found.close()
