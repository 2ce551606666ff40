"""Bearer tokens: who is asking. The only place python-jose is used.

python-jose accepts a token without `exp` or `aud`, and one whose `kid` names no key of ours; it
skips stray characters in base64, and its `exp` and `nbf` tolerate strings. So it checks signatures
here, and this page requires and checks everything else.
"""

import asyncio
import hashlib
import json
import math
import re
import secrets
import tempfile
from collections import OrderedDict
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwk, jws, jwt
from jose.exceptions import JOSEError

from app import clock
from app.config import ConfigurationError, Settings

KEY_TYPE = {"RS256": {"kty": "RSA"}, "ES256": {"kty": "EC", "crv": "P-256"}}

LONGEST_TOKEN = 8192
LONGEST_SUBJECT = 200
CACHED_TOKENS = 10_000
LEEWAY = timedelta(seconds=30)  # for `nbf` and `iat`; `exp` has none
JWKS_SECONDS = 5.0
JWKS_PAUSE = timedelta(minutes=1)
JWKS_AGE = timedelta(hours=1)

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_PRISON = re.compile(r"[A-Z]{3}")
_log = structlog.get_logger(__name__)

Jwk = dict[str, Any]


class TokenRefused(Exception):
    """The token proves nothing. `reason` is a short constant code, never text of the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. `expires_at` is aware, in UTC.

    In a client's own token (`client_credentials`) the subject is the client: its `client_id`.
    """

    subject: str
    roles: frozenset[str]
    prisons: frozenset[str]
    person_id: UUID | None
    client_id: str | None
    expires_at: datetime


class KeySource(Protocol):
    """Where public keys come from."""

    async def key(self, kid: str) -> Jwk | None:
        """The public key named `kid`, None when there is none. Raises TokenRefused with
        `token_keys_unavailable` when that cannot be told, because the issuer does not answer."""


class Verifier:
    """Turns bearer tokens into Claims, remembering the verified ones until they expire."""

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
        claims = _claims(await self._signed(token), self._settings)
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


def _claims(payload: dict[str, Any], settings: Settings) -> Claims:
    """Check what a signed payload says and read it by the names in `settings`.

    Raises TokenRefused for a missing or foreign issuer or audience, for a token out of its time
    and for claims that are missing or malformed.
    """
    if payload.get("iss") != settings.token_issuer:
        raise TokenRefused("token_issuer")
    audience = payload.get("aud")
    if settings.token_audience not in (audience if isinstance(audience, list) else [audience]):
        raise TokenRefused("token_audience")
    now = clock.real_now()
    if (expires_at := _instant(payload, "exp")) is None:
        raise TokenRefused("token_claims")
    if expires_at <= now:
        raise TokenRefused("token_expired")
    for name in ("nbf", "iat"):
        if (start := _instant(payload, name)) and start > now + LEEWAY:
            raise TokenRefused("token_not_yet_valid")
    client_id = payload.get("client_id")
    return Claims(
        subject=_subject(payload, settings),
        roles=_roles(payload, settings),
        prisons=frozenset(filter(_PRISON.fullmatch, _words(payload.get(settings.claim_prisons)))),
        person_id=_person(payload.get(settings.claim_person)),
        client_id=client_id if isinstance(client_id, str) else None,
        expires_at=expires_at,
    )


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


def _instant(payload: dict[str, Any], name: str) -> datetime | None:
    """The time in seconds since 1970 under `name`; None when absent."""
    seconds = payload.get(name)
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TokenRefused("token_claims")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise TokenRefused("token_claims") from None


def _subject(payload: dict[str, Any], settings: Settings) -> str:
    # In a client's token HMPPS Auth puts the name the client asserts into `user_name` *and* `sub`;
    # only `client_id` is proven.
    machine = payload.get("grant_type") == "client_credentials"
    subject = payload.get("client_id" if machine else settings.claim_subject)
    for value in (payload.get("sub"), subject):
        # What no column takes could not be written down as the author of anything.
        if not isinstance(value, str) or not 0 < len(value) <= LONGEST_SUBJECT or "\x00" in value:
            raise TokenRefused("token_claims")
    return str(subject)


def _roles(payload: dict[str, Any], settings: Settings) -> frozenset[str]:
    """Role names in lower case, without the prefix.

    `authorities` holds the roles of every service of HMPPS Auth, so only those with our prefix
    count there: a plain `ROLE_CLINICIAN` is somebody else's.
    """
    prefix, shared = settings.role_prefix, settings.claim_roles == "authorities"
    return frozenset(
        name.removeprefix(prefix).lower()
        for name in _words(payload.get(settings.claim_roles))
        if name.startswith(prefix) or not shared
    )


def _person(value: object) -> UUID | None:
    if value is None:
        return None
    try:
        return UUID(str(value))
    except ValueError:
        raise TokenRefused("token_claims") from None


def _words(value: object) -> list[str]:
    """The strings of a list, or of a string parted by spaces or commas."""
    if isinstance(value, str):
        return value.replace(",", " ").split()
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


class DevelopmentIssuer:
    """Issues tokens for development, with a key of its own kept under `var_dir`.

    RS256: its key makes each verification cheaper than ES256's (39 against 87 microseconds with
    python-jose; signing is the other way about, 290 against 33, and rarer).
    """

    algorithm = "RS256"

    def __init__(self, var_dir: Path, settings: Settings) -> None:
        """Load the key, making it the first time. Raises ConfigurationError in production."""
        if settings.production:
            raise ConfigurationError("The development issuer must never run in production.")
        if self.algorithm not in settings.token_algorithms:
            raise ConfigurationError("The development issuer needs RS256 in token_algorithms.")
        self._settings = settings
        self._private = _stored_key(var_dir / "development-issuer.json")
        self._public = {
            name: self._private[name] for name in ("kty", "kid", "use", "alg", "n", "e")
        }
        self._signer = jwk.construct(self._private, self.algorithm)

    def jwks(self) -> Jwk:
        """The key set to publish: the public key only."""
        return {"keys": [dict(self._public)]}

    async def key(self, kid: str) -> Jwk | None:
        """The public key, when `kid` is its name."""
        return self._public if kid == self._public["kid"] else None

    def issue(
        self,
        subject: str,
        roles: Collection[str],
        prisons: Collection[str],
        person_id: UUID | None = None,
        lifetime: timedelta = timedelta(hours=12),
        **extra: Any,
    ) -> str:
        """A signed token, in the claim names of the settings, for `lifetime` (whole seconds).

        `extra` adds or replaces claims; None leaves one out.
        """
        names, now = self._settings, clock.real_now()
        prefix = names.role_prefix if names.claim_roles == "authorities" else ""
        claims = {
            "iss": names.token_issuer,
            "aud": names.token_audience,
            "sub": subject,
            "iat": int(now.timestamp()),
            "exp": math.ceil((now + lifetime).timestamp()),
            names.claim_subject: subject,
            names.claim_roles: [prefix + (r.upper() if prefix else r) for r in sorted(roles)],
            names.claim_prisons: sorted(prisons),
            names.claim_person: str(person_id) if person_id else None,
        }
        present = {name: value for name, value in (claims | extra).items() if value is not None}
        return jwt.encode(present, self._signer, self.algorithm, {"kid": self._public["kid"]})


def _stored_key(path: Path) -> Jwk:
    """The private key in `path`, made when there is none; two processes get the same one."""
    if not path.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        key = jwk.construct(pem, DevelopmentIssuer.algorithm).to_dict()
        key |= {"kid": f"development-{secrets.token_hex(8)}", "use": "sig"}
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as draft:  # its mode is 0600
            json.dump(key, draft)
            draft.flush()
            # Linking is atomic: whoever comes second finds the whole file of the first.
            with suppress(FileExistsError):
                path.hardlink_to(draft.name)
    key = json.loads(path.read_text())
    return dict(key)


class JwksClient:
    """The issuer's key set, fetched when first needed and kept.

    A `kid` that is not in it, or a set older than `age`, fetches it again, at most once in `pause`.
    While the issuer is down the keys we know go on.
    """

    def __init__(
        self,
        url: str,
        *,
        https_only: bool = True,
        pause: timedelta = JWKS_PAUSE,
        age: timedelta = JWKS_AGE,
    ) -> None:
        """Fetches nothing yet. Raises ConfigurationError unless `url` is one we may trust."""
        if urlsplit(url).scheme not in ({"https"} if https_only else {"https", "http"}):
            raise ConfigurationError("WELLWING_JWKS_URL must be the https address of a key set.")
        self._url, self._pause, self._age = url, pause, age
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

    async def _refresh(self) -> None:
        async with self._asking:  # those who waited find it asked just now
            if clock.real_now() - self._asked_at < self._pause:
                return
            fetched: dict[str, Jwk] | None = None
            try:
                fetched = await self._fetch()
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
                _log.warning("jwks_unavailable", error=type(error).__name__)
            # Not before the answer: a request cancelled while asking must not cost the others.
            self._asked_at = clock.real_now()
            if fetched is not None:
                self._keys, self._read_at = fetched, self._asked_at

    async def _fetch(self) -> dict[str, Jwk]:
        async with asyncio.timeout(JWKS_SECONDS), httpx.AsyncClient(timeout=JWKS_SECONDS) as client:
            answer = (await client.get(self._url)).raise_for_status().json()
        if not isinstance(answer, dict) or not isinstance(answer.get("keys"), list):
            raise ValueError("not a key set")
        return {key["kid"]: key for key in answer["keys"] if _signs(key)}


def _signs(key: object) -> bool:
    """Whether this entry of a key set is a named public key for signatures."""
    return (
        isinstance(key, dict)
        and isinstance(key.get("kid"), str)
        and key.get("kty") in ("RSA", "EC")
        and key.get("use", "sig") == "sig"
    )


def verifier_for(settings: Settings) -> Verifier:
    """The verifier the settings ask for; its `keys` is the DevelopmentIssuer when that is on.

    Raises ConfigurationError when there is nobody to trust.
    """
    if settings.development_issuer:
        return Verifier(settings, DevelopmentIssuer(settings.var_dir, settings))
    if settings.jwks_url is None:
        raise ConfigurationError("Set WELLWING_JWKS_URL, or WELLWING_DEVELOPMENT_ISSUER=true.")
    return Verifier(settings, JwksClient(settings.jwks_url, https_only=settings.production))
