"""The file that pages are written to, on a disk that fills up in the midst of a line."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.integrations.notify import PageMessage
from app.integrations.notify.log import LogChannel

ROOM = 60


def page() -> PageMessage:
    return PageMessage(uuid4(), "SLI", "the orderly officer", "SLI: a concern needs you.")


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Files grow to this size and no further: what is beyond it is not taken, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        with capture_logs():  # or the log has no room either
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_page_of_which_the_disk_took_a_piece_is_not_handed_over(tmp_path: Path) -> None:
    channel = LogChannel(tmp_path / "pages.ndjson")
    with room_for(ROOM), pytest.raises(OSError, match="No space"):
        await channel.send(page())
    assert (tmp_path / "pages.ndjson").stat().st_size == ROOM


async def test_the_next_page_does_not_go_on_from_a_piece(tmp_path: Path) -> None:
    channel, told = LogChannel(tmp_path / "pages.ndjson"), page()
    with room_for(ROOM), pytest.raises(OSError, match="No space"):
        await channel.send(page())
    await channel.send(told)
    await channel.send(page())
    _, whole, last = (tmp_path / "pages.ndjson").read_text().splitlines()
    assert json.loads(whole)["id"] == str(told.id)
    assert json.loads(last)
