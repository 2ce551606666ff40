"""Where public keys come from in production: the issuer's key set, at the address we were told or
at the one its discovery document names."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog

from app import clock
from app.config import ConfigurationError
from app.tokens.claims import TokenRefused
from app.tokens.verify import Jwk

JWKS_SECONDS = 5.0  # for all that is asked of the issuer at a time
JWKS_PAUSE = timedelta(minutes=1)
JWKS_AGE = timedelta(hours=1)
LONGEST_DOCUMENT = 256 * 1024
DISCOVERY = "/.well-known/openid-configuration"

_log = structlog.get_logger(__name__)


class JwksClient:
    """The issuer's key set, fetched when first needed and kept.

    A `kid` that is not in it, or a set older than `age`, fetches it again, at most once in `pause`.
    While the issuer is down the keys we know go on.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        issuer: str | None = None,
        https_only: bool = True,
        pause: timedelta = JWKS_PAUSE,
        age: timedelta = JWKS_AGE,
    ) -> None:
        """The key set at `url`; without one, where the discovery document of `issuer` says, which
        is read again whenever the keys are. Fetches nothing yet. Raises ConfigurationError unless
        the address is one we may trust."""
        self._schemes = {"https"} if https_only else {"https", "http"}
        asked = "WELLWING_TOKEN_ISSUER" if url is None else "WELLWING_JWKS_URL"
        if not self._trusted(issuer if url is None else url):
            raise ConfigurationError(f"{asked} must be an https address.")
        self._url, self._issuer, self._pause, self._age = url, issuer, pause, age
        self._keys: dict[str, Jwk] = {}
        self._asked_at = self._read_at = datetime.min.replace(tzinfo=UTC)
        self._asking = asyncio.Lock()

    async def key(self, kid: str) -> Jwk | None:
        """See KeySource.key."""
        if kid not in self._keys or clock.real_now() - self._read_at > self._age:
            await self._refresh()
        if kid not in self._keys and self._read_at < self._asked_at:
            raise TokenRefused("token_keys_unavailable")
        return self._keys.get(kid)

    def _trusted(self, url: object) -> bool:
        """Whether `url` is an address that may be asked for keys."""
        try:
            parts = urlsplit(url) if isinstance(url, str) else None
        except ValueError:
            return False
        return parts is not None and parts.scheme in self._schemes and bool(parts.hostname)

    async def _refresh(self) -> None:
        async with self._asking:  # those who waited find it asked just now
            if clock.real_now() - self._asked_at < self._pause:
                return
            fetched: dict[str, Jwk] | None = None
            try:
                fetched = await self._fetch()
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
                _log.warning("jwks_unavailable", error=type(error))
            # Not before the answer: a request cancelled while asking must not cost the others.
            self._asked_at = clock.real_now()
            if fetched is not None:
                self._keys, self._read_at = fetched, self._asked_at

    async def _fetch(self) -> dict[str, Jwk]:
        async with asyncio.timeout(JWKS_SECONDS), httpx.AsyncClient(timeout=JWKS_SECONDS) as client:
            found = await _document(client, self._url or await self._named_by_issuer(client))
        if not isinstance(found.get("keys"), list):
            raise ValueError("not a key set")
        return {key["kid"]: key for key in found["keys"] if _signs(key)}

    async def _named_by_issuer(self, client: httpx.AsyncClient) -> str:
        """The address of the key set in the discovery document, which must be our issuer's own."""
        assert self._issuer is not None
        found = await _document(client, self._issuer.removesuffix("/") + DISCOVERY)
        if found.get("issuer") != self._issuer:
            raise ValueError("the discovery document of another issuer")
        if not self._trusted(found.get("jwks_uri")):
            raise ValueError("a key set at an address that proves nothing")
        return str(found["jwks_uri"])


async def _document(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """The JSON object at `url`. Redirects are not followed, and no more is read than a key set may
    have: whoever answers in the issuer's place must not fill our memory."""
    body = bytearray()
    async with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer:
        answer.raise_for_status()
        if "content-encoding" in answer.headers:
            raise ValueError("packed, though we asked for it plain")
        async for part in answer.aiter_raw():
            body += part
            if len(body) > LONGEST_DOCUMENT:
                raise ValueError("too long")
    try:
        found = json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def _signs(key: object) -> bool:
    """Whether this entry of a key set is a named public key for signatures."""
    return (
        isinstance(key, dict)
        and isinstance(key.get("kid"), str)
        and key.get("kty") in ("RSA", "EC")
        and key.get("use", "sig") == "sig"
    )
