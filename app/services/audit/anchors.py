"""Anchors: the head of each prison's chain, written down daily where the database cannot reach.

A superuser could change an entry and make every later link anew. The file of anchors, kept on
another machine or shipped with the logs, tells: the chain is then not the one that was anchored.
"""

import fcntl
import os
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import structlog

from app.services.audit.chain import Head

log = structlog.get_logger(__name__)


class Anchors:
    """A file of anchors, one JSON line each, only ever appended to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._days: dict[str, date] = {}

    def write(self, head: Head, day: date) -> None:
        """Append an anchor and sync it; the log line carries it off the machine too. Blocks."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = {
            "prison_id": head.prison_id,
            "day": day.isoformat(),
            "position": head.position,
            "digest": head.digest,
        }
        with open(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(orjson.dumps(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._days[head.prison_id] = day
        log.info(
            "audit_anchored",
            prison_id=head.prison_id,
            day=line["day"],
            position=head.position,
            digest=head.digest,
        )

    def of(self, prison_id: str) -> dict[int, str]:
        """The prison's anchors: digest by position. A line that is none is passed over."""
        return {each["position"]: each["digest"] for each in self._lines(prison_id)}

    def last_day(self, prison_id: str) -> date | None:
        """The day of the prison's last anchor. Asked every minute, read once."""
        if prison_id not in self._days:
            days = [date.fromisoformat(each["day"]) for each in self._lines(prison_id)]
            if not days:
                return None
            self._days[prison_id] = max(days)
        return self._days[prison_id]

    def _lines(self, prison_id: str) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        lines = [orjson.loads(line) for line in self.path.read_bytes().splitlines() if line]
        return [each for each in lines if each["prison_id"] == prison_id]
