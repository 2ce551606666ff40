"""Logs: one JSON line an event, never a value, be it of a variable or of an error."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog


def _where_only(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception becomes its type and where it happened; its message may hold a person's data."""
    found = event.pop("exc_info", None)
    if isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if found is True:
        found = sys.exc_info()
    if isinstance(found, tuple) and found[0] is not None:
        event["error"] = found[0].__name__
        event["where"] = [
            f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(found[2])[-12:]
        ]
    return event


def configure(level: str = "INFO") -> None:
    """Set up structlog for this process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where_only,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
