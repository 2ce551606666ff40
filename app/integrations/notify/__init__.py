"""Ways to reach a person: `Channel` is the protocol, `LogChannel` the one always there."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PageMessage:
    """A content-free page: a reference and a number to call, never a person or a story.

    `id` stays the same when it is sent again, so that a receiver can drop the double.
    """

    id: UUID
    prison_id: str
    to: str
    text: str


class Channel(Protocol):
    """Sends a page; returning means it was handed over. Raises on failure."""

    async def send(self, page: PageMessage) -> None: ...
