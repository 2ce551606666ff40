"""What a signed token says: read by the names in the settings, every claim checked."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app import clock
from app.config import Settings

LONGEST_SUBJECT = 200
LEEWAY = timedelta(seconds=30)  # for `nbf` and `iat`; `exp` has none
SUBJECT_ACCESS = "sar_data_access"  # HMPPS's role for subject access: no prefix, one for all

_PRISON = re.compile(r"[A-Z]{3}")


class TokenRefused(Exception):
    """The token proves nothing. `reason` is a short constant code, never text of the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. `expires_at` and `issued_at` are aware, in UTC.

    In a client's own token (`client_credentials`) the subject is the client: its `client_id`.
    """

    subject: str
    roles: frozenset[str]
    prisons: frozenset[str]
    person_id: UUID | None
    client_id: str | None
    expires_at: datetime
    issued_at: datetime
    machine: bool = False
    scopes: frozenset[str] = frozenset()
    token_id: str | None = None


def read(payload: dict[str, Any], settings: Settings) -> Claims:
    """Check what a signed payload says and read it by the names in `settings`.

    Raises TokenRefused for a missing or foreign issuer or audience, for a token out of its time
    or with too much of it, and for claims that are missing or malformed.
    """
    if payload.get("iss") != settings.token_issuer:
        raise TokenRefused("token_issuer")
    audience = payload.get("aud")
    if settings.token_audience not in (audience if isinstance(audience, list) else [audience]):
        raise TokenRefused("token_audience")
    issued_at, expires_at = _times(payload, settings)
    client_id, token_id = payload.get("client_id"), payload.get("jti")
    machine = _is_machine(payload)
    return Claims(
        subject=_subject(payload, settings, machine),
        roles=_roles(payload, settings, machine),
        prisons=frozenset(filter(_PRISON.fullmatch, _words(payload.get(settings.claim_prisons)))),
        person_id=_person(payload.get(settings.claim_person)),
        client_id=client_id if isinstance(client_id, str) else None,
        expires_at=expires_at,
        issued_at=issued_at,
        machine=machine,
        scopes=frozenset(_words(payload.get("scope"))),
        token_id=_writable(token_id) if token_id is not None else None,
    )


def _times(payload: dict[str, Any], settings: Settings) -> tuple[datetime, datetime]:
    """When the token was issued, and when it ends.

    A revocation is forgotten once no token that it means can be alive: hence a longest life.
    """
    now = clock.real_now()
    if (expires_at := _instant(payload, "exp")) is None:
        raise TokenRefused("token_claims")
    if expires_at <= now:
        raise TokenRefused("token_expired")
    for name in ("nbf", "iat"):
        if (start := _instant(payload, name)) and start > now + LEEWAY:
            raise TokenRefused("token_not_yet_valid")
    if (issued_at := _instant(payload, "iat")) is None:
        raise TokenRefused("token_claims")
    if expires_at - issued_at > settings.longest_token:
        raise TokenRefused("token_lives_too_long")
    return issued_at, expires_at


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


def _is_machine(payload: dict[str, Any]) -> bool:
    """Whether a client speaks for itself. HMPPS Auth names the grant; elsewhere the client is its
    own subject (RFC 9068)."""
    if (grant := payload.get("grant_type")) is not None:
        return bool(grant == "client_credentials")
    client_id = payload.get("client_id")
    return client_id is not None and client_id == payload.get("sub")


def _subject(payload: dict[str, Any], settings: Settings, machine: bool) -> str:
    # In a client's token HMPPS Auth puts the name the client asserts into `user_name` *and* `sub`;
    # only `client_id` is proven.
    _writable(payload.get("sub"))
    return _writable(payload.get("client_id" if machine else settings.claim_subject))


def _writable(value: object) -> str:
    """`value`, if a column takes it: else it could not be written down as anything's author."""
    if isinstance(value, str) and 0 < len(value) <= LONGEST_SUBJECT and value.isprintable():
        return value
    raise TokenRefused("token_claims")


def _roles(payload: dict[str, Any], settings: Settings, machine: bool) -> frozenset[str]:
    """Role names in lower case, without the prefix.

    `authorities` holds the roles of every service of HMPPS Auth, so only those with our prefix
    count there: a plain `ROLE_CLINICIAN` is somebody else's. Subject access is HMPPS's own role,
    the same for every service and for machines only.
    """
    prefix, shared = settings.role_prefix, settings.claim_roles == "authorities"
    words = _words(payload.get(settings.claim_roles))
    found = {
        name.removeprefix(prefix).lower() for name in words if name.startswith(prefix) or not shared
    }
    if f"ROLE_{SUBJECT_ACCESS.upper()}" in words:
        found.add(SUBJECT_ACCESS)
    return frozenset(found if machine else found - {SUBJECT_ACCESS})


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
