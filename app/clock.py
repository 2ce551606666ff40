"""The only source of time: `now()` for the service, `real_now()` for tokens and machines.

In development and in tests an offset moves `now()` forward; production has no route that sets it.
"""

from datetime import UTC, datetime, timedelta

_offset = timedelta()


def real_now() -> datetime:
    """The machine's own time, aware, in UTC. Never moved: tokens and caches live by it."""
    return datetime.now(UTC)


def now() -> datetime:
    """The service's time, aware, in UTC."""
    return real_now() + _offset


def offset() -> timedelta:
    """How far `now()` is ahead of the machine's time."""
    return _offset


def set_offset(value: timedelta) -> None:
    """Move the service's time. Only development and tests call this."""
    global _offset
    _offset = value


def forward(**parts: float) -> datetime:
    """Move time forward by `timedelta(**parts)` and return the new `now()`."""
    set_offset(_offset + timedelta(**parts))
    return now()


def spell(instant: datetime) -> str:
    """The one spelling of a time on the wire, the same as PostgreSQL's JSON: RFC 3339, in UTC,
    `+00:00`, with only as many digits after the second as are needed."""
    text = instant.astimezone(UTC).isoformat()
    if "." in text:
        seconds, fraction = text.removesuffix("+00:00").split(".")
        fraction = fraction.rstrip("0")
        text = f"{seconds}.{fraction}+00:00" if fraction else f"{seconds}+00:00"
    return text
