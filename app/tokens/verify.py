"""Whether a token was signed by the issuer we trust, with the one key that its `kid` names.

python-jose accepts a token without `exp` or `aud`, and one whose `kid` names no key of ours; it
skips stray characters in base64, and its `exp` and `nbf` tolerate strings. So it checks signatures
here, and this package requires and checks everything else.
"""

import hashlib
import json
import re
from collections import OrderedDict
from typing import Any, Protocol

from jose import jwk, jws, jwt
from jose.exceptions import JOSEError

from app import clock
from app.config import Settings
from app.tokens.claims import Claims, TokenRefused, read

KEY_TYPE = {"RS256": {"kty": "RSA"}, "ES256": {"kty": "EC", "crv": "P-256"}}
LONGEST_TOKEN = 8192
CACHED_TOKENS = 10_000

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

Jwk = dict[str, Any]


class KeySource(Protocol):
    """Where public keys come from."""

    async def key(self, kid: str) -> Jwk | None:
        """The public key named `kid`, None when there is none. Raises TokenRefused with
        `token_keys_unavailable` when that cannot be told, because the issuer does not answer."""


class Verifier:
    """Turns bearer tokens into Claims, remembering the verified ones until they expire.

    Whether one was revoked is not remembered: `app/access.py` asks the database every time.
    """

    def __init__(self, settings: Settings, keys: KeySource, size: int = CACHED_TOKENS) -> None:
        """Trust `settings.token_issuer` through `keys`; remember at most `size` tokens."""
        self.keys = keys
        self._settings = settings
        self._size = size
        self._verified: OrderedDict[bytes, Claims] = OrderedDict()

    def cached(self, token: str) -> Claims | None:
        """The claims of a token verified before and still valid, else None. Awaits nothing."""
        if len(token) > LONGEST_TOKEN:
            return None
        digest = _digest(token)
        claims = self._verified.get(digest)
        if claims is None:
            return None
        if claims.expires_at <= clock.real_now():
            del self._verified[digest]
            return None
        self._verified.move_to_end(digest)
        return claims

    async def verify(self, token: str) -> Claims:
        """The claims of `token`. Raises TokenRefused; refusals are not remembered."""
        if claims := self.cached(token):
            return claims
        claims = read(await self._signed(token), self._settings)
        self._verified[_digest(token)] = claims
        if len(self._verified) > self._size:
            self._verified.popitem(last=False)
        return claims

    async def _signed(self, token: str) -> dict[str, Any]:
        """The payload of `token`, its signature checked with the one key its `kid` names."""
        # The exact alphabet: lenient base64 would give one token many spellings.
        if len(token) > LONGEST_TOKEN or not _COMPACT.fullmatch(token):
            raise TokenRefused("token_malformed")
        try:
            header = jwt.get_unverified_header(token)
        except JOSEError:
            raise TokenRefused("token_malformed") from None
        # `jwk`, `jku`, `x5u` are never read; `crit` would oblige us to understand what it lists.
        if "crit" in header:
            raise TokenRefused("token_malformed")
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in self._settings.token_algorithms:
            raise TokenRefused("token_algorithm")
        key = await self.keys.key(kid) if isinstance(kid, str) else None
        if key is None:
            raise TokenRefused("token_unknown_key")
        if not _fits(key, algorithm):
            raise TokenRefused("token_algorithm")
        return _payload(token, key, algorithm)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _fits(key: Jwk, algorithm: str) -> bool:
    """Whether `key` is of the type `algorithm` needs, and not reserved for another."""
    return KEY_TYPE[algorithm].items() <= key.items() and key.get("alg", algorithm) == algorithm


def _payload(token: str, key: Jwk, algorithm: str) -> dict[str, Any]:
    try:
        public = jwk.construct(key, algorithm)
    except Exception:  # a damaged key: python-jose lets KeyError, TypeError and more through
        raise TokenRefused("token_unknown_key") from None
    try:
        payload = json.loads(jws.verify(token, public, algorithms=[algorithm]))
    except JOSEError:
        raise TokenRefused("token_signature") from None
    except (ValueError, RecursionError):
        raise TokenRefused("token_malformed") from None
    if not isinstance(payload, dict):
        raise TokenRefused("token_malformed")
    return payload
