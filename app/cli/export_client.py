"""An export had of a server: asked for as a job, waited for, and fetched, also after a cut."""

import hashlib
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from app.cli.export_states import REFUSED, TRY_AGAIN, WRONG_USE, Folder, State, Stopped

Tell = Callable[[str, int, int | None], None]
"""What is done, how many bytes so far, and of how many where that is known."""
SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
CUTS = 6
_GONE_WRONG = {"access_ended", "release_ended", "cursor_ended"}
_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


def checked(url: str) -> str:
    """The server's address. A token goes in clear to this machine only. Raises Stopped."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE):
        return url.rstrip("/")
    raise Stopped(WRONG_USE, "--url must be an https address, or one of this machine.")


class Server:
    """One prison of a server, asked with a client's token. `token` is read each time: it may be
    renewed while a long export runs."""

    def __init__(self, url: str, prison_id: str, token: Callable[[], str]) -> None:
        self._token = token
        self._jobs = f"/v1/prisons/{prison_id}/exports/jobs"
        self._http = httpx.Client(base_url=checked(url), timeout=SECONDS)

    def close(self) -> None:
        self._http.close()

    def had(self, asked: dict[str, Any], folder: Folder, state: State, tell: Tell) -> Any:
        """Have a job's file in the folder's part, and its digest checked. Answers the job. Raises
        Stopped; what was fetched by then is gone on with next time."""
        job = self._ready(asked, folder, state, tell)
        for cut, pause in enumerate(_pauses(CUTS)):
            try:
                self._fetch(job, folder, state, tell)
                break
            except httpx.TransportError:
                if cut == CUTS - 1:
                    raise Stopped(TRY_AGAIN, "The connection was cut again and again.") from None
                time.sleep(pause)
        if _digest(folder.part) != job["sha256"]:
            folder.part.unlink()
            raise Stopped(TRY_AGAIN, "What came is not what was sent: its digest is another.")
        return job

    def _ready(self, asked: dict[str, Any], folder: Folder, state: State, tell: Tell) -> Any:
        """The job, when its file is written: that of last time, if it is there still."""
        again = state.asked == asked
        job = self._ask(asked, folder, state)
        if again and job["status"] in {"failed", "cancelled", "expired"}:
            state.asked = None
            job = self._ask(asked, folder, state)
        for pause in _pauses():
            if job["status"] not in {"queued", "running"}:
                break
            tell(_so_far(job), job["bytes"], None)
            time.sleep(pause)
            job = self._json("GET", f"{self._jobs}/{job['id']}")
        if job["status"] == "ready":
            return job
        state.asked = None
        folder.keep(state)
        why = str(job["failure"] or job["status"])
        raise Stopped(REFUSED if why in _GONE_WRONG else TRY_AGAIN, f"No file was made: {why}.")

    def _ask(self, asked: dict[str, Any], folder: Folder, state: State) -> Any:
        key = state.key_for(asked)
        folder.keep(state)  # before it is sent: asked again, it is the same job
        made = self._json("POST", self._jobs, json=asked, headers={"Idempotency-Key": key})
        return self._json("GET", f"{self._jobs}/{made['id']}")

    def _fetch(self, job: Any, folder: Folder, state: State, tell: Tell) -> None:
        """All of the file that is not there yet."""
        there = folder.part.stat().st_size if folder.part.exists() else 0
        if state.sha256 != job["sha256"] or there > job["bytes"]:
            there, state.sha256 = 0, job["sha256"]
            folder.keep(state)
            folder.part.unlink(missing_ok=True)
        if there == job["bytes"] and folder.part.exists():
            return
        headers = {"Authorization": f"Bearer {self._token()}", "Accept-Encoding": "identity"}
        if there:
            headers |= {"Range": f"bytes={there}-", "If-Range": f'"{job["sha256"]}"'}
        with self._http.stream("GET", f"{self._jobs}/{job['id']}/file", headers=headers) as answer:
            if answer.status_code >= 400:
                answer.read()
                if answer.status_code == 410:
                    state.asked = None  # the next run asks anew
                    folder.keep(state)
                raise _refusal(answer)
            rest = answer.status_code == 206
            there = there if rest else 0
            with folder.draft(append=rest) as file:
                for piece in answer.iter_raw():
                    file.write(piece)
                    there += len(piece)
                    tell("fetched", there, job["bytes"])

    def _json(self, method: str, path: str, **kwargs: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._token()}", **kwargs.pop("headers", {})}
        try:
            answer = self._http.request(method, path, headers=headers, **kwargs)
        except httpx.TransportError as error:
            name = type(error).__name__
            raise Stopped(TRY_AGAIN, f"The server cannot be reached: {name}.") from None
        if answer.status_code >= 300:
            raise _refusal(answer)
        return answer.json()


def _so_far(job: Any) -> str:
    if job["status"] == "queued":
        return "waits for its turn"
    of = f" of {job['rows_expected']}" if job["rows_expected"] else ""
    return f"being written, {job['rows']}{of} rows"


def _refusal(answer: httpx.Response) -> Stopped:
    try:
        detail = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"it answered {answer.status_code}"
    status = answer.status_code
    if status in {408, 409, 410, 429} or status >= 500:
        code = TRY_AGAIN
    else:
        code = WRONG_USE if status == 422 else REFUSED
    return Stopped(code, f"The server refused: {detail}")


def _pauses(most: int | None = None) -> Iterator[float]:
    """How long to wait before each next try."""
    for number in count() if most is None else range(most):
        yield min(LONGEST_PAUSE, FIRST_PAUSE * 1.5 ** min(number, 20))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
