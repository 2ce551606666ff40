"""Rate limits: how often one address and one subject may ask, and how often pairs are tried.

Raising a concern, and adding words to one, passes always. A storage that fails refuses nobody. Keys
hold keyed hashes, never an address or a subject.
"""

import asyncio
import hashlib
import time
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from math import floor

import structlog
from limits import RateLimitItem, parse_many
from limits.aio.storage import Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import ConfigurationError as UnknownStorage
from limits.storage import storage_from_string

from app import clock
from app.config import ConfigurationError, Settings
from app.errors import TooManyPairChecks, TooManyRequests

log = structlog.get_logger(__name__)
PATIENCE_SECONDS = 0.25  # what a storage that hangs costs a request, once in every pause
PAUSE_SECONDS = 10.0
NEIGHBOURS = 64  # bits of an IPv6 address that its owner does not choose


class Rate(StrEnum):
    """What is counted: requests of an address or a subject, refusals of pairs to a subject."""

    address = "address"
    subject = "subject"
    pairs = "pairs"


_OVER: dict[Rate, type[TooManyRequests]] = {Rate.pairs: TooManyPairChecks}


class Limits:
    """The limiter of one process, or of all that share a storage."""

    def __init__(self, config: Settings) -> None:
        """Raises ConfigurationError when the storage's address cannot be used."""
        self._rates = {
            Rate.address: _parsed(config.rate_limit_address),
            Rate.subject: _parsed(config.rate_limit_subject),
            Rate.pairs: _parsed(config.rate_limit_pairs),
        }
        # The counter is the strategy that keeps two numbers a key and needs no thread.
        self._window = SlidingWindowCounterRateLimiter(_storage(config))
        self._key = hashlib.sha256(config.secret_key.get_secret_value().encode()).digest()
        self._away_until = 0.0

    async def spend(self, rate: Rate, who: str) -> None:
        """Count one. Raises TooManyRequests, which says in how many seconds it would pass."""
        await self._pass(rate, who, spend=True)

    async def check(self, rate: Rate, who: str) -> None:
        """As `spend`, without counting."""
        await self._pass(rate, who, spend=False)

    async def _pass(self, rate: Rate, who: str, *, spend: bool) -> None:
        if not self._rates[rate] or time.monotonic() < self._away_until:
            return
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                wait = await self._wait(rate, self._hidden(who), spend=spend)
        except Exception:
            log.exception("limiter_away")
            self._away_until = time.monotonic() + PAUSE_SECONDS
            return
        if wait:
            over = _OVER.get(rate, TooManyRequests)
            raise over(
                f"{over.title}. Try again in {wait} seconds.", headers={"Retry-After": str(wait)}
            )

    async def _wait(self, rate: Rate, key: str, *, spend: bool) -> int:
        """Whole seconds until one more passes; 0 when it does now."""
        ask = self._window.hit if spend else self._window.test
        for item in self._rates[rate]:
            if not await ask(item, rate.value, key):
                frees_at = (await self._window.get_window_stats(item, rate.value, key)).reset_time
                return max(floor(frees_at - clock.real_now().timestamp()) + 1, 1)
        return 0

    def _hidden(self, who: str) -> str:
        return hashlib.blake2b(who.encode(), key=self._key, digest_size=16).hexdigest()


def household(address: str) -> str:
    """What is counted as one address: an IPv6 customer has a whole network of them."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(ip_network((found, NEIGHBOURS), strict=False))
    return address


def _parsed(rate: str) -> list[RateLimitItem]:
    return parse_many(rate) if rate else []


def _storage(config: Settings) -> Storage:
    """The storage of the settings. The address may hold a password: it is never repeated."""
    try:
        found = storage_from_string(f"async+{config.rate_limit_storage.get_secret_value()}")
    except (UnknownStorage, ValueError):
        raise ConfigurationError(
            "WELLWING_RATE_LIMIT_STORAGE is no storage that can be used here: its kind is unknown,"
            " or the package for it is not installed."
        ) from None
    assert isinstance(found, Storage)
    return found
