"""Logs: one JSON line an event: codes, ids, numbers, times and places in the code, never a value.

What may be logged stands in `SHAPES`: a key that is not there is left out, and a value that has not
its key's shape becomes `[removed]`, as does an event that is not a code.
"""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, MutableMapping
from types import TracebackType
from typing import Any
from uuid import UUID

import structlog

REMOVED = "[removed]"
Event = MutableMapping[str, Any]
Shape = Callable[[Any], Any]

# A prisoner number, an e-mail address, a token and a date are no part of anything that is logged.
PERSONAL = re.compile(
    r"(?<![a-z0-9])[a-z][0-9]{4}[a-z]{2}(?![a-z0-9])|@|eyJ[\w-]{5}"
    r"|(?<![0-9a-f])(19|20)[0-9]{2}[-_./]?[0-9]{2}[-_./]?[0-9]{2}(?![0-9a-f])"
    r"|(?<![0-9a-f])[0-9]{1,2}[-_./][0-9]{1,2}[-_./]([0-9]{2}){1,2}(?![0-9a-f])",
    re.IGNORECASE,
)


def _form(pattern: str, never: re.Pattern[str] | None = None) -> Shape:
    """A whole string of this form, in which `never` is not found."""
    form = re.compile(pattern)

    def shape(value: Any) -> Any:
        told = str(value) if isinstance(value, str | UUID) else ""
        fits = form.fullmatch(told) and not (never and never.search(told))
        return told if fits else REMOVED

    return shape


def _number(value: Any) -> Any:
    """A count, a status or a duration; nothing as long as a date or a telephone number."""
    fits = isinstance(value, int | float) and abs(value) < 1_000_000
    return value if fits else REMOVED


def _position(value: Any) -> Any:
    """A place in a prison's chain, which grows for years."""
    return value if isinstance(value, int) and 0 <= value < 10**12 else REMOVED


def _kind(value: Any) -> Any:
    """The name of an error's class; the class itself must be given, so that no text passes."""
    is_error = isinstance(value, type) and issubclass(value, BaseException)
    return value.__name__ if is_error else REMOVED


def _places(value: Any) -> Any:
    return [PLACE(each) for each in value] if isinstance(value, list) else REMOVED


def _stamp(value: Any) -> Any:
    told = isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", value)
    return value if told else REMOVED


_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
CODE = _form(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", PERSONAL)
ID = _form(_UUID)
PLACE = _form(r"([\w-]+\.pyx?|<[a-z]+( [\w.]+)?>):\d+ [\w.<>]+")

SHAPES: dict[str, Shape] = {
    "event": CODE,
    "level": CODE,
    "timestamp": _stamp,
    "request_id": ID,
    "instance": _form(f"urn:uuid:{_UUID}"),
    "id": ID,
    "concern_id": ID,
    "glass_id": ID,
    "notification_id": ID,
    "task_id": ID,
    "prison_id": _form("[A-Z]{3}"),
    "alarm": CODE,
    "why": CODE,
    "process": CODE,
    "operation": CODE,
    "code": _number,
    "again_in": _number,
    "steps": _number,
    "count": _number,
    "position": _position,
    "digest": _form("[0-9a-f]{64}"),
    "day": _form(r"20[2-9][0-9]-[0-9]{2}-[0-9]{2}"),  # no prisoner's date of birth
    "method": _form("GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS"),
    "route": _form(r"(/([a-z0-9._-]+|\{[a-z_]+(:path)?\}))+|none", PERSONAL),
    "status": _number,
    "milliseconds": _number,
    "seconds": _number,
    "logger": _form(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*", PERSONAL),
    "docs": _form(r"https?://(localhost|[0-9.]+|\[[0-9a-f:.]+\]):\d+/docs"),
    "error": _kind,
    "where": _places,
}

# The log is also the channel of pages: whom to reach and the sentence that names no one.
CHANNEL = {"page": {"to", "text"}}


def _places_of(trace: TracebackType | None) -> list[str]:
    """Where it happened: the last frames of our own code, and the last three of all."""
    frames = traceback.extract_tb(trace)
    ours = [frame for frame in frames[:-3] if "site-packages" not in frame.filename]
    return [
        f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}"
        for frame in [*ours[-9:], *frames[-3:]]
    ]


def _where_only(_: Any, __: str, event: Event) -> Event:
    """An exception becomes its type and where it happened; its message may hold a person's data."""
    found = event.pop("exc_info", None)
    if isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if found is True:
        found = sys.exc_info()
    if isinstance(found, tuple) and found[0] is not None:
        event["error"] = found[0]
        event["where"] = _places_of(found[2])
    return event


def shaped(_: Any, __: str, event: Event) -> Event:
    """The event with what may be logged of it."""
    free = CHANNEL.get(str(event.get("event")), set())
    return {
        key: event[key] if key in free else SHAPES[key](event[key])
        for key in event
        if key in free or key in SHAPES
    }


def configure(level: str = "INFO") -> None:
    """Set up structlog for this process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where_only,
            shaped,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


class _Libraries(logging.Handler):
    """What libraries warn of, as an event: which of them and where, never its words."""

    def emit(self, record: logging.LogRecord) -> None:
        place = f"{record.pathname.rsplit('/', 2)[-1]}:{record.lineno} {record.funcName}"
        where = {"exc_info": record.exc_info} if record.exc_info else {"where": [place]}
        level = min(record.levelno // 10 * 10, logging.CRITICAL)
        log = structlog.get_logger()
        log.log(level, "library_warned", logger=record.name.lower(), **where)


def own_every_line() -> None:
    """Let nothing reach standard error but events: no library's words, no traceback's values."""
    root = logging.getLogger()
    root.handlers = [_Libraries()]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    log = structlog.get_logger()
    sys.unraisablehook = lambda found: log.error("unraisable", exc_info=found.exc_value or False)
    threading.excepthook = lambda found: log.error("thread_failed", exc_info=found.exc_value)
    sys.excepthook = _process_failed


def _process_failed(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    structlog.get_logger().critical("process_failed", exc_info=(kind, error, trace))
