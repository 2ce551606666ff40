"""The issuer of development: its own key, its own tokens, never in production."""

import json
import math
import secrets
import tempfile
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwk, jwt

from app import clock
from app.config import ConfigurationError, Settings
from app.tokens.verify import Jwk


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
        """A person's signed token, in the claim names of the settings, for `lifetime` (whole
        seconds). `extra` adds or replaces claims; None leaves one out."""
        names = self._settings
        prefix = names.role_prefix if names.claim_roles == "authorities" else ""
        claims = {
            names.claim_subject: subject,
            names.claim_roles: [prefix + (r.upper() if prefix else r) for r in sorted(roles)],
            names.claim_prisons: sorted(prisons),
            names.claim_person: str(person_id) if person_id else None,
        }
        return self._signed(subject, lifetime, claims | extra)

    def issue_to_client(
        self,
        client_id: str,
        scopes: Collection[str],
        lifetime: timedelta = timedelta(hours=1),
        **extra: Any,
    ) -> str:
        """A client's own signed token, as its issuer answers client credentials (RFC 9068)."""
        claims = {"client_id": client_id, "scope": " ".join(sorted(scopes))}
        return self._signed(client_id, lifetime, claims | extra)

    def _signed(self, subject: str, lifetime: timedelta, claims: dict[str, Any]) -> str:
        now = int(clock.real_now().timestamp())
        every = {
            "iss": self._settings.token_issuer,
            "aud": self._settings.token_audience,
            "sub": subject,
            "iat": now,
            "exp": now + math.ceil(lifetime.total_seconds()),
            "jti": str(uuid4()),
        } | claims
        present = {name: value for name, value in every.items() if value is not None}
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
