"""What `wellwing export` remembers in the folder it writes to: how far it was told of changes, and
what it has asked for and not fetched yet. Files appear whole under their names, or not at all."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

REFUSED, WRONG_USE, TRY_AGAIN = 1, 2, 3


class Stopped(Exception):
    """The export goes no further: the exit code, and a sentence."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


@dataclass
class State:
    """`cursor`: until where changes are had. `asked` and `key`: what was asked of the server and
    not fetched yet, and under which key. `sha256`: whose file the unfinished download is of."""

    cursor: str | None = None
    asked: dict[str, Any] | None = None
    key: str | None = None
    sha256: str | None = None

    def key_for(self, asked: dict[str, Any]) -> str:
        """The key under which this is asked for: that of before, if it is the same still."""
        if self.asked != asked or self.key is None:
            self.asked, self.key, self.sha256 = asked, str(uuid4()), None
        return self.key

    def done(self, cursor: str | None) -> None:
        self.cursor = cursor or self.cursor
        self.asked = self.key = self.sha256 = None


class Folder:
    """Where the files of one dataset in one format go."""

    def __init__(self, out: Path, name: str) -> None:
        """Raises OSError where it cannot be written to."""
        out.mkdir(parents=True, exist_ok=True)
        self.out = out
        self.part = out / f".{name}.part"
        self._state = out / f".{name}.state.json"
        self._lock = out / f".{name}.lock"

    @contextmanager
    def alone(self) -> Iterator[State]:
        """The state, for as long as nobody else is at it. Raises Stopped where somebody is."""
        with open(os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600), "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Stopped(TRY_AGAIN, "Another export of this runs into that folder.") from None
            yield self._read()

    def _read(self) -> State:
        try:
            return State(**json.loads(self._state.read_text()))
        except FileNotFoundError:
            return State()
        except (ValueError, TypeError):
            raise Stopped(
                WRONG_USE, f"{self._state} is not of this command: move it away to begin anew."
            ) from None

    def keep(self, state: State) -> None:
        """Keep what is known, all of it or as it was."""
        draft = self._state.with_suffix(".tmp")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(state), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._state)

    @contextmanager
    def draft(self, *, append: bool = False) -> Iterator[Any]:
        """The unfinished file, to be written; on the disk when the block ends."""
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC)
        with open(os.open(self.part, flags, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    def finish(self, name: str) -> Path:
        """Give the finished file its name."""
        return self.part.replace(self.out / name)
