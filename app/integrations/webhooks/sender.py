"""Sends one signed event. An address is looked at after its name is resolved, and that same address
is connected to: a name that means another one a moment later gains nothing."""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Any, Protocol

import httpcore
from standardwebhooks.webhooks import Webhook as Signer

from app import clock
from app.models.deliveries import DeliveryCode

TIMEOUT_SECONDS = 15.0
Network = IPv4Network | IPv6Network
_GIVEN_OUT = IPv6Network("2000::/3")  # elsewhere is nothing of the whole internet
_TUNNELS = IPv6Network("2002::/16")  # 6to4: any address of IPv4 is behind it, private ones too
_TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64: how a network without IPv4 reaches it
_NAMES = ThreadPoolExecutor(4, "webhook-names")
"""Names of webhooks are looked up in threads of their own: one whose server never answers holds a
thread for long, and pages need theirs."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try: the status that was answered, or why there is none."""

    status: int | None
    code: DeliveryCode | None = None
    retry_after: float | None = None

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Sender(Protocol):
    """Sends a signed event, and never raises for what the other side does."""

    async def send(
        self, url: str, event_id: str, body: bytes, secrets: Sequence[str]
    ) -> Outcome: ...


class NotAllowedThere(Exception):
    """The name means an address inside, and the site does not allow that one."""


def allowed(address: str, networks: Iterable[Network]) -> bool:
    """Whether events may go to an address: one of the whole internet, or one the site lists."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        found = _in_ipv4(found) or found
    if any(found.version == each.version and found in each for each in networks):
        return True
    if isinstance(found, IPv6Address) and not (found in _GIVEN_OUT and found not in _TUNNELS):
        return False
    return found.is_global and not found.is_multicast


def _in_ipv4(address: IPv6Address) -> IPv4Address | None:
    """The address of IPv4 that one of IPv6 leads to, where it only stands for that."""
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped


class _Checked(httpcore.AsyncNetworkBackend):
    """Connects to what a name means, if that is allowed."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, *rest: Any, **options: Any) -> Any:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(_NAMES, _looked_up, host, port)
        addresses = [str(each[4][0]) for each in found]
        if not addresses or not all(allowed(each, self._networks) for each in addresses):
            raise NotAllowedThere
        for address in addresses[:-1]:
            try:
                return await self._backend.connect_tcp(address, port, *rest, **options)
            except httpcore.ConnectError:
                continue  # such as IPv6 where there is only IPv4
        return await self._backend.connect_tcp(addresses[-1], port, *rest, **options)


def _looked_up(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class HttpSender:
    """The real one. Every event has a connection of its own; no proxy, no redirect, no cookie."""

    def __init__(self, networks: Sequence[Network], ca_file: Path | None = None) -> None:
        self._backend = _Checked(networks)
        self._tls = ssl.create_default_context(cafile=ca_file)

    async def send(self, url: str, event_id: str, body: bytes, secrets: Sequence[str]) -> Outcome:
        headers = signed(event_id, body, secrets, clock.real_now())
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._asked(url, headers, body)
        except NotAllowedThere:
            return Outcome(None, DeliveryCode.refused)
        except (TimeoutError, OSError, httpcore.NetworkError, httpcore.TimeoutException):
            return Outcome(None, DeliveryCode.unreachable)
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            return Outcome(None, DeliveryCode.refused)

    async def _asked(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._tls, network_backend=self._backend
            ) as pool,
            pool.stream("POST", url, headers=list(headers.items()), content=body) as answer,
        ):
            # its body is not read: nobody waits for what it says
            told = {name.lower(): value for name, value in answer.headers}
            return Outcome(answer.status, _code(answer.status), _seconds(told.get(b"retry-after")))


def signed(event_id: str, body: bytes, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks; a signature by each secret, while one gives way to the
    next."""
    said = body.decode()
    signatures = [Signer(secret).sign(event_id, at, said) for secret in secrets]
    return {
        "content-type": "application/cloudevents+json; charset=utf-8",
        "user-agent": "wellwing",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _code(status: int) -> DeliveryCode | None:
    if 200 <= status < 300:
        return None
    if status == 429:
        return DeliveryCode.rate_limited
    return DeliveryCode.put_off if status >= 500 else DeliveryCode.refused


def _seconds(said: bytes | None) -> float | None:
    """What Retry-After asks for, in either spelling."""
    if said is None:
        return None
    if re.fullmatch(rb"[0-9]{1,12}", said):
        return float(said)
    try:
        at = parsedate_to_datetime(said.decode("ascii", "replace"))
        return max((at - clock.real_now()).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
