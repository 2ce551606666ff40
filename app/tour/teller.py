"""Tells the tour: who did what, how long it took, and whether it went as it should."""

import json
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape

from app import clock


class NotAsTold(Exception):
    """Something did not go as the story says."""


@dataclass(frozen=True)
class Told:
    """One line of the story."""

    chapter: str
    at: str
    who: str
    what: str
    milliseconds: float | None


@dataclass
class Teller:
    """Prints the story as it happens, or keeps it for machines."""

    as_json: bool
    lines: list[Told] = field(default_factory=list)
    chapter: str = ""
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))

    def begin(self, chapter: str) -> None:
        self.chapter = chapter
        if not self.as_json:
            self.console.print(f"\n[bold]{chapter}[/bold]")

    def tell(self, at: datetime, who: str, what: str, seconds: float | None = None) -> None:
        """One thing that went as told, at the story's time, and the time its call took."""
        spent = None if seconds is None else round(seconds * 1000, 1)
        self.lines.append(Told(self.chapter, clock.spell(at), who, what, spent))
        if not self.as_json:
            took = f"[dim]{spent:>7.1f} ms[/dim]" if spent is not None else " " * 10
            when = f"[dim]{at:%d %b %H:%M}[/dim]"
            self.console.print(f"{took}  {when}  [cyan]{who:14}[/cyan] {escape(what)}")

    def end(self, problem: str | None) -> None:
        """Close the story: with `problem`, it went otherwise than told."""
        calls = [line.milliseconds for line in self.lines if line.milliseconds is not None]
        summary = {
            "ok": problem is None,
            "problem": problem,
            "told": len(self.lines),
            "calls_ms": round(sum(calls), 1),
        }
        if self.as_json:
            print(json.dumps({**summary, "lines": [asdict(line) for line in self.lines]}))  # noqa: T201
        elif problem is None:
            self.console.print(
                f"\n[green]All {len(self.lines)} things went as told[/green],"
                f" in {summary['calls_ms']} ms of calls."
            )
        else:
            self.console.print(f"\n[red]Not as told:[/red] {escape(problem)}")


def _read(answer: httpx.Response) -> Any:
    """What an answer holds: JSON, a sheet's bytes, or nothing."""
    media = answer.headers.get("content-type", "").partition(";")[0]
    if media.endswith(("/json", "+json")):
        return answer.json()
    return answer.content or None


@dataclass
class Watch:
    """The story's time, shared by everyone in it."""

    now: datetime


@dataclass
class Character:
    """Someone of the story, with a token of their own."""

    http: httpx.AsyncClient
    teller: Teller
    name: str
    subject: str
    token: str
    prison_id: str
    watch: "Watch"
    staff_id: str = ""
    person_id: str = ""

    async def does(
        self,
        what: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: int = 200,
        match: str | None = None,
    ) -> Any:
        """Make one call and tell it. Raises NotAsTold on any other status."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if match is not None:
            headers["If-Match"] = match
        began = time.perf_counter()
        url = path if path.startswith("/") else f"/v1/prisons/{self.prison_id}/{path}".rstrip("/")
        answer = await self.http.request(method, url, json=body, headers=headers)
        spent = time.perf_counter() - began
        if answer.status_code != expect:
            told = f"{what}: {method} {path} answered {answer.status_code}, not {expect}"
            raise NotAsTold(f"{told}: {answer.text[:400]}")
        found = _read(answer)
        if what:
            said = what.format(found) if isinstance(found, dict) else what
            self.teller.tell(self.watch.now, self.name, said, spent)
        return found

    async def asks(self, what: str, path: str, expect: int = 200) -> Any:
        return await self.does(what, "GET", path, expect=expect)

    async def sends(self, what: str, path: str, body: Any = None, expect: int = 201) -> Any:
        return await self.does(what, "POST", path, body, expect=expect)

    async def puts(self, what: str, path: str, body: Any) -> Any:
        return await self.does(what, "PUT", path, body, match="*")

    async def moves(self, what: str, path: str, to: str, expect: int = 200, **rest: Any) -> Any:
        return await self.sends(what, f"{path}/moves", {"to": to, **rest}, expect)


def check(truth: object, what: str) -> None:
    """Hold the story to something. Raises NotAsTold."""
    if not truth:
        raise NotAsTold(what)


def codes(problem: Any) -> list[str]:
    """The codes of a refusal's errors."""
    return [error["code"] for error in problem["errors"]]
