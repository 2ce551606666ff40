"""Ways to reach a person: `Channel` is the protocol, `LogChannel` the one always there; a `Carrier`
is a channel across a network, with a provider who takes its time."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from app.models.addresses import ChannelKind
from app.models.deliveries import DeliveryCode


@dataclass(frozen=True, slots=True)
class PageMessage:
    """A content-free page: a reference and a number to call, never a person or a story.

    `id` stays the same when it is sent again (`again`), so that a receiver can drop the double.
    `reference` goes to the provider and comes back with its receipt.
    """

    id: UUID
    prison_id: str
    to: str
    text: str
    reference: str = ""
    subject: str = ""
    again: bool = False


class Undeliverable(Exception):
    """A provider did not take a page. `for_good`: it never will; else not before `retry_after`
    seconds, where it says so."""

    def __init__(
        self, code: DeliveryCode, *, for_good: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(code.value)
        self.code = code
        self.for_good = for_good
        self.retry_after = retry_after


class Receipted(str):
    """A provider's reference under which it can be asked what became of a page."""

    __slots__ = ()


class Fate(StrEnum):
    """What a provider says became of a page that it had taken."""

    on_its_way = "on_its_way"
    arrived = "arrived"
    not_arrived = "not_arrived"
    not_sent = "not_sent"  # a fault of the provider's: it asks to be given the page again


class Channel(Protocol):
    """Sends a page; returning means it was handed over. Raises on failure."""

    async def send(self, page: PageMessage) -> str | None: ...


class Carrier(Channel, Protocol):
    """A channel across a network. `send` answers the provider's reference, where it gives one, and
    raises Undeliverable; it is given up after `patience` seconds."""

    kind: ChannelKind
    patience: float


class Answers(Protocol):
    """A provider that can be asked. Raises Undeliverable where it does not answer."""

    kind: ChannelKind

    async def fate(self, reference: str) -> Fate: ...
