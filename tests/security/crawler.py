"""The crawl: everything the OpenAPI document offers, asked as somebody, and every answer searched.

What is asked follows from the document and the tables' metadata alone, so that a new route is
crawled the day it stands there; one that cannot be crawled fails (`NotCovered`).
"""

import asyncio
import base64
import io
import json
import re
import zipfile
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from urllib.parse import unquote, urlencode

from fastapi import FastAPI
from sqlalchemy import text
from starlette.types import Message

from app.db import Database
from app.models.base import metadata, new_id
from app.models.exports import ExportDataset
from app.models.report_tables import ReportName
from tests.security.canaries import ECHO, Canary, Viewer, found_in
from tests.security.planting import ABROAD, HOME
from tests.story import Caller

AT_ONCE = 8
PAGES_AT_MOST = 100
HIDDEN_AT_MOST = 4
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BASE64 = re.compile(r"[A-Za-z0-9_-]{24,}")
# Who knocked at the door of another prison is named to its governor: by the subject, which for a
# machine is its client's name too.
_KNOCKED = re.compile(r'"(subject|client)":"[^"]*"')
_FILLED = re.compile(r"\{(\w+)\}")
NOBODYS_ID = str(new_id())
IDS = dict[str, dict[str, list[str]]]

# Path parameters that are no id of a row.
PLAIN_PATHS: dict[str, list[str]] = {
    "report": [each.value for each in ReportName],
    "month": ["2026-10"],
    "dataset": [each.value for each in ExportDataset],
    "weekday": [*map(str, range(1, 8)), "8"],
    "link": ["A" * 64],  # nobody's, likewise
    "secret": ["A" * 43],  # nobody's: whose it is, is tested with the feeds
}
# Path parameters whose table has another name.
PATH_TABLES = {
    "hold_id": "legal_hold",
    "day_id": "cohort_day",
    "member_id": "cohort_member",
}
# Filters by an id whose name is not its table's.
ID_FILTERS = {
    "subject_person_id": ["person"],
    "event_id": ["outbox"],
    "thing_id": ["concern", "person", "mentor"],
    "staff_id": ["staff"],
    "host_id": ["mentor"],
    "lead_staff_id": ["staff"],
    "assigned_to": ["staff"],
    "supervisor_id": ["staff"],
    "day_id": ["cohort_day"],
    "pattern_id": ["duty_pattern"],
}
# Filters by text: values that stand in these columns, besides a few words.
TEXT_FILTERS: dict[str, list[tuple[str, str]]] = {
    "ticket": [],  # nobody's: whose one is, is tested with the streams
    "last_event_id": [],
    "kind": [],  # of an export: a code of its dataset
    "prison_id": [],  # the one of the path, or refused
    "changed_since": [],  # a cursor: whose it is, is tested with the exports
    "same_as": [],
    "words": [("concern", "account"), ("concern", "subject_as_told")],
    "reference": [("concern", "reference"), ("task", "reference")],
    "number": [("person", "number")],
    "prn": [("person", "number")],
    "crn": [("person", "number")],
    "wing": [("person", "cell_location")],
    "name": [("person", "last_name"), ("person", "first_name")],
    "subject": [("staff", "subject")],
    "operation": [("audit_entry", "operation")],
    "module": [("training", "module")],
}
# What a filter on text takes, so that a value that is nobody's has the same shape.
NOBODYS = {
    "number": "X9999XX",
    "prn": "X9999XX",
    "crn": "X9999XX",
    "wing": "Y",
    "reference": "C-AAAAAA",
    "name": "zzzq",
}


class NotCovered(AssertionError):
    """Something in the document cannot be crawled as it stands here."""


class Leaked(AssertionError):
    """Somebody was answered with what they may not see."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document."""

    id: str
    method: str
    path: str
    query: Mapping[str, Mapping[str, Any]]
    has_body: bool
    roles: frozenset[str]

    @property
    def paged(self) -> bool:
        return "cursor" in self.query

    @property
    def names(self) -> list[str]:
        """The path's parameters, but for the prison."""
        return [name for name in _FILLED.findall(self.path) if name != "prison_id"]

    def filled(self, prison_id: str, values: Iterable[str]) -> str:
        given = dict(zip(self.names, values, strict=True)) | {"prison_id": prison_id}
        return _FILLED.sub(lambda found: given[found[1]], self.path)


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation of the document."""
    schemas = document["components"]["schemas"]
    return [
        Operation(
            found["operationId"],
            method.upper(),
            path,
            {
                each["name"]: _plain(each["schema"], schemas)
                for each in found.get("parameters", [])
                if each["in"] == "query"
            },
            "requestBody" in found,
            frozenset(found.get("x-roles", ())),
        )
        for path, item in document["paths"].items()
        for method, found in item.items()
    ]


def _plain(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """A parameter's schema without its null, its references followed."""
    for each in schema.get("anyOf", ()):
        if each.get("type") != "null":
            return _plain(each, schemas)
    if "$ref" in schema:
        return _plain(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas)
    return schema


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and what was asked."""

    asked: str
    status: int
    headers: dict[str, str]
    text: str

    @property
    def of_the_audit(self) -> bool:
        return "/audit" in self.asked or "/chronology" in self.asked


async def asked(
    app: FastAPI, method: str, path: str, headers: Mapping[str, str], content: bytes = b""
) -> Answer:
    """Ask the application itself, at half the cost of a client's way to it."""
    where, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(where),
        "raw_path": where.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (b"host", b"wellwing"),
            (b"content-length", str(len(content)).encode()),
            *((name.lower().encode(), value.encode()) for name, value in headers.items()),
        ],
        "client": ("192.0.2.1", 4000),
        "server": ("wellwing", 80),
    }
    sent: list[Message] = []
    done = asyncio.Event()
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            await done.wait()
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    try:
        await app(scope, receive, send)
    except Exception:
        if not sent:
            raise
    done.set()
    start = sent[0]
    body = b"".join(each.get("body", b"") for each in sent[1:])
    answered = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return Answer(f"{method} {path}", start["status"], answered, _unpacked(body))


def _unpacked(body: bytes) -> str:
    """A body as text; of an archive, all that is packed in it."""
    if not body.startswith(b"PK"):
        return body.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return "\n".join(
            f"{name}\n{archive.read(name).decode('utf-8', 'replace')}"
            for name in archive.namelist()
        )


def searched(answer: Answer) -> str:
    """All that an answer says: body, headers, and what cursors among them hold."""
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    text = f"{headers}\n{answer.text}"
    if "cursor=" in headers or '"next":"' in text:
        text += "\n".join(_unsealed(text))
    return text


def _unsealed(text: str) -> Iterable[str]:
    for sealed in set(_BASE64.findall(text)):
        with suppress(ValueError):
            raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
            yield raw.decode("utf-8", "replace")


def check(viewer: Viewer, answer: Answer) -> set[Canary]:
    """The canaries an answer shows, when all of them may be seen. Raises Leaked."""
    text = searched(answer)
    if viewer is Viewer.foreign_governor and answer.of_the_audit:
        text = _KNOCKED.sub("", text)
    found = found_in(text)
    leaked = sorted(str(each) for each in found if viewer not in each.seen_by)
    if leaked:
        raise Leaked(f"{viewer} sees {', '.join(leaked)} by {answer.asked} → {answer.status}")
    return found


def _unprinted(said: str) -> str:
    """The same without when the sheet for an outage was made, and until when it counts."""
    printed = _PRINTED_AT.search(said)
    for when in printed.groups() if printed else ():
        said = said.replace(when, "")
    return said


@dataclass
class Crawl:
    """One viewer's crawl, and what came of it."""

    app: FastAPI
    every: list[Operation]
    viewer: Viewer
    caller: Caller
    ids: IDS
    values: Mapping[str, list[str]]
    seen: set[Canary] = field(default_factory=set)
    visited: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    requests: int = 0
    _in_small: list[str] = field(default_factory=list)
    _told: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: Any = b"",
    ) -> Answer:
        """Ask, and search the answer. What leaks is kept for the end."""
        given = dict(headers or {})
        if self.caller.token:
            given["Authorization"] = f"Bearer {self.caller.token}"
        if not isinstance(content, bytes):
            given["Content-Type"] = "application/json"
            content = json.dumps(content).encode()
        if params:
            path = f"{path}?{urlencode(params)}"
        async with self._turn:
            answer = await asked(self.app, method, path, given, content)
        self.requests += 1
        try:
            self.seen |= check(self.viewer, answer)
        except Leaked as leaked:
            self.problems.append(str(leaked))
        if answer.status >= 500 and path not in ALARMS:
            self.problems.append(f"{answer.asked} → {answer.status} {answer.text}")
        return answer

    async def everything(self) -> None:
        """The whole crawl. Raises Leaked with everything that was found."""
        gets = [each for each in self.every if each.method == "GET"]
        others = [each for each in self.every if each.method != "GET"]
        await _together([self._plainly(each) for each in gets])
        await _together([self._asking(each) for each in gets])
        await _together([self._provoking(each) for each in [*gets, *others]])
        await _together([self._beside(path) for path in BESIDE])
        if self.problems:
            raise Leaked("\n".join(sorted(set(self.problems))))

    async def answers(self) -> dict[str, str]:
        """Every answer this viewer gets by reading: status, headers and body, by what was asked.
        Lists in every order, two by two, and by every word of a closed list."""
        found: dict[str, str] = {}

        async def read(path: str, params: Mapping[str, str] | None = None) -> Answer:
            answer = await self.ask("GET", path, params)
            told = {name: answer.headers.get(name) for name in ("etag", "link", "location")}
            if answer.of_the_audit:
                told = {}
            found[answer.asked] = f"{answer.status} {told} {_unprinted(self._said(answer))}"
            return answer

        async def of_one(operation: Operation) -> None:
            for prison_id, chosen in self._addresses(operation):
                path = operation.filled(prison_id, chosen)
                answer = await read(path)
                if answer.status in {401, 403}:
                    return
                if operation.paged and answer.status == 200 and len(operation.names) == 0:
                    await read(path, {"limit": "2"})
                    for name, schema in operation.query.items():
                        if "enum" in schema or schema.get("type") == "boolean":
                            for value in self._offered(operation, name, schema):
                                await read(path, {name: value})

        gets = [each for each in self.every if each.method == "GET" and each.id not in UNSTEADY]
        await _together([of_one(each) for each in gets])
        if self.problems:
            raise Leaked("\n".join(sorted(set(self.problems))))
        return found

    # Plainly: every address with every id, lists to their end.

    async def _plainly(self, operation: Operation) -> None:
        refused = 0
        for prison_id, chosen in self._addresses(operation):
            if refused > 1:  # before a look at any row: it is the same for all of them
                break
            path = operation.filled(prison_id, chosen)
            answer = await self.ask("GET", path)
            self._note(answer)
            refused += answer.status in {401, 403}
            if operation.paged and answer.status == 200:
                await self._to_the_end(path)
        if refused:
            self.refused.add(operation.id)
        self.visited.add(operation.id)

    def _note(self, answer: Answer) -> None:
        """What this viewer was shown in plain answers: afterwards it is no secret to them."""
        if answer.status == 200:
            said = self._said(answer)
            self.shown |= set(_UUID.findall(said))
            self.said.append(said)

    def _said(self, answer: Answer) -> str:
        """The body, without what differs each time: a problem's number, one's own acts."""
        if answer.of_the_audit and answer.status == 200:
            items = [line for line in _lines(answer) if _whose(line) != self.caller.subject]
            return json.dumps(items)
        return re.sub(r"urn:uuid:[0-9a-f-]{36}", "", answer.text)

    def _addresses(self, operation: Operation) -> Iterable[tuple[str, list[str]]]:
        """Every row's address in the own prison, some of another prison's, and in that prison."""
        if not operation.names:
            yield HOME, []
            if "{prison_id}" in operation.path:
                yield ABROAD, []
            return
        for chosen in self._rows(operation):
            yield HOME, chosen
        first = [[*self._some(name, HOME)[:1], NOBODYS_ID] for name in operation.names]
        abroad = [[*self._some(name, ABROAD)[:1], NOBODYS_ID] for name in operation.names]
        yield HOME, [each[0] for each in abroad]
        yield ABROAD, [each[0] for each in abroad]
        yield ABROAD, [each[0] for each in first]

    def _rows(self, operation: Operation) -> list[list[str]]:
        names = operation.names
        every = [self._some(name, HOME) for name in names]
        if len(names) == 1:
            return [[each] for each in every[0]]
        return [list(each) for each in product(*every)][:60]

    def _some(self, name: str, prison_id: str) -> list[str]:
        """The values for a path parameter."""
        if name in PLAIN_PATHS:
            return PLAIN_PATHS[name]
        table = PATH_TABLES.get(name, name.removesuffix("_id"))
        if not name.endswith("_id") or table not in self.ids:
            raise NotCovered(f"the path parameter {name}: of which table are its ids?")
        return self.ids[table][prison_id] or [NOBODYS_ID]

    async def _to_the_end(self, path: str) -> None:
        """The list two by two: every page, its link and its cursor."""
        following: str | None = f"{path}?limit=2"
        for _ in range(PAGES_AT_MOST if "/audit" not in path else 3):
            if following is None:
                return
            answer = await self.ask("GET", following)
            self._note(answer)
            link = answer.headers.get("link")
            following = link.partition(">")[0].removeprefix("<") if link else None

    # Asking: every filter and sort. What is hidden is answered like what does not exist.

    async def _asking(self, operation: Operation) -> None:
        if operation.id in self.refused:
            return
        path = operation.filled(HOME, [self._some(name, HOME)[0] for name in operation.names])
        for name, schema in operation.query.items():
            if name in {"limit", "cursor"}:
                continue
            for value in self._offered(operation, name, schema):
                await self.ask("GET", path, params={name: value})
            await self._oracle(operation, path, name, schema)

    def _offered(self, operation: Operation, name: str, schema: Mapping[str, Any]) -> list[str]:
        """What anybody would ask for: every word of a closed list, both sides, some times."""
        if "enum" in schema:
            return list(schema["enum"])
        if "const" in schema:
            return [schema["const"]]
        if schema.get("type") == "boolean":
            return ["true", "false"]
        if schema.get("format") == "date-time":
            return ["2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"]
        if schema.get("format") == "date":
            return ["2020-01-01", "2100-01-01"]
        if schema.get("type") == "integer":
            return ["1", "7"]
        self._secrets(operation, name, schema)
        return []

    def _secrets(
        self, operation: Operation, name: str, schema: Mapping[str, Any]
    ) -> tuple[list[str], str]:
        """Every value a filter may be asked by, and one that is nobody's."""
        if schema.get("format") == "uuid":
            tables = ID_FILTERS.get(name, [name.removesuffix("_id")])
            if not all(table in self.ids for table in tables):
                raise NotCovered(f"the filter {name} of {operation.id}: of which table?")
            found = [each for table in tables for each in self.ids[table][HOME]]
            return found, str(new_id())
        if schema.get("type") == "string" and "enum" not in schema and "format" not in schema:
            if name not in TEXT_FILTERS:
                raise NotCovered(f"the filter {name} of {operation.id}: what is asked by it?")
            return self.values[name], NOBODYS.get(name, "zzzq")
        return [], ""

    async def _oracle(
        self, operation: Operation, path: str, name: str, schema: Mapping[str, Any]
    ) -> None:
        values, nobodys = self._secrets(operation, name, schema)
        if not values:
            return
        hidden = [each for each in values if not self._is_told(each)]
        open_ = [each for each in values if each not in hidden]
        for value in open_[:HIDDEN_AT_MOST]:
            await self.ask("GET", path, params={name: value})
        if not hidden:
            return
        miss = await self.ask("GET", path, params={name: nobodys})
        for value in _spread(hidden, HIDDEN_AT_MOST):
            hit = await self.ask("GET", path, params={name: value})
            if (hit.status, self._said(hit)) != (miss.status, self._said(miss)):
                self.problems.append(
                    f"{self.viewer} is told by {operation.id}?{name}= that {value} exists:"
                    f" {hit.status} {hit.text[:300]} for {miss.status} {miss.text[:300]}"
                )

    def _is_told(self, value: str) -> bool:
        """Whether this viewer was shown a value in plain answers, all of which are in by now."""
        if len(self._in_small) != len(self.said):
            self._in_small, self._told = [each.lower() for each in self.said], {}
        if value not in self._told:
            small = value.lower()
            told = value in self.shown or any(small in each for each in self._in_small)
            self._told[value] = told
        return self._told[value]

    # Provoking: every error there is, with a word in it that must not come back.

    async def _provoking(self, operation: Operation) -> None:
        values = [self._some(name, HOME)[0] for name in operation.names]
        path = operation.filled(HOME, values)
        if operation.method == "GET":
            await self._wrong_reads(operation, path)
        else:
            await self._wrong_writes(operation, path)

    async def _wrong_reads(self, operation: Operation, path: str) -> None:
        await self.ask("GET", path, params={"not_a_parameter": ECHO.word})
        await self.ask("HEAD", path)
        if operation.id in self.refused:
            return
        await self.ask("OPTIONS", path)
        if operation.names:
            await self.ask("GET", operation.filled(HOME, [ECHO.word for _ in operation.names]))
        if operation.query:
            wrong = dict.fromkeys(operation.query, f"{ECHO.word}\x00")
            await self.ask("GET", path, params=wrong)
        if operation.paged:
            cursor = base64.urlsafe_b64encode(b"x" * 16 + ECHO.word.encode()).decode()
            for each in (cursor, f"{ECHO.word}é", _stolen(self.said)):
                await self.ask("GET", path, params={"cursor": each})

    async def _wrong_writes(self, operation: Operation, path: str) -> None:
        """Bodies of the wrong shape. Without a body it may only be tried where it changes nothing:
        by those who may not, and on what does not exist."""
        if operation.id in NOT_PROVOKED:
            return
        may = self.caller.prison_id == HOME and self._role() in operation.roles
        if not operation.has_body and (may or not operation.roles):
            path = operation.filled(HOME, [NOBODYS_ID for _ in operation.names])
            if not operation.names:
                raise NotCovered(f"{operation.id} takes no body and no id: it cannot be provoked")
        wrong = {"x": ECHO.word, "to": [ECHO.word], "account": {"said": ECHO.word}}
        stale = {"If-Match": '"999999"'}
        await self.ask(operation.method, path, headers=stale, content=wrong)
        if may:
            await self.ask(operation.method, path, headers=stale, content=[ECHO.word])
            text = {"Content-Type": "application/json", **stale}
            await self.ask(operation.method, path, headers=text, content=f"{{{ECHO.word}".encode())

    def _role(self) -> str:
        named = {Viewer.accused_worker, Viewer.supervisor}
        role = Viewer.support_worker if self.viewer in named else self.viewer
        others = {
            Viewer.accused_governor: "governor",
            Viewer.other_mentor: "mentor",
            Viewer.mentee: "applicant",
        }
        return others.get(role, role.value)

    async def _beside(self, path: str) -> None:
        for method in ("GET", "HEAD", "POST"):
            await self.ask(method, path)


# Beside the document: what else the process serves, and what it does not.
BESIDE = ["/docs", "/openapi.json", "/health", "/development", f"/{ECHO.word}", "/v1"]
# Answers that say 503 on purpose.
ALARMS = {
    "/health/escalation": "no worker sweeps the prisons of other tests",
    "/health/channels": "the prisons of other tests have not tried their last resort",
}
_PRINTED_AT = re.compile(r'"sheet":"outage","as_at":"([^"]+)","until":"([^"]+)"')
# Reads that differ each time they are asked, each with its reason.
UNSTEADY = {
    "channel_health": "told once a minute when each last resort was tried",
    "escalation_health": "tells how long ago each prison was swept",
    "metrics": "the same in numbers",
    "read_development_clock": "the time",
    "read_bundle": "collecting it is an act, and told of in its history",
    "read_calendar": "asked without a token: each try is in the audit as nobody's, own ones too",
    "read_linked_export_file": "asked without a token, as a calendar is",
    "read_stream": "asked without a token: each try is in the audit as nobody's, own ones too",
    "list_audit": "pages of one's own reads; the export is compared in its place",
}
# Operations that are not provoked, each with its reason.
NOT_PROVOKED = {
    "issue_development_token": "absent from production",
    "move_development_clock": "absent from production",
    "create_stream_ticket": "takes nothing but who asks",
}


async def _together(every: Iterable[Coroutine[Any, Any, None]]) -> None:
    async with asyncio.TaskGroup() as group:
        for each in every:
            group.create_task(each)


def _lines(answer: Answer) -> list[dict[str, Any]]:
    """The entries of an answer of the audit: a page's, or an export's lines."""
    if answer.text.startswith('{"items"'):
        return list(json.loads(answer.text)["items"])
    return [json.loads(line) for line in answer.text.splitlines() if line]


def _whose(line: Mapping[str, Any]) -> str | None:
    """Whose act a line of the audit or of a chronology tells of."""
    who = line.get("who") or {}
    whose: str | None = line["subject"] if "subject" in line else who.get("subject")
    return whose


def _spread(values: list[str], most: int) -> list[str]:
    """So many of them, from all over the list."""
    step = max(1, len(values) // most)
    return values[::step][:most]


def _stolen(said: list[str]) -> str:
    """A cursor of some other list."""
    for each in said:
        if found := re.search(r'"next":"([^"]+)"', each):
            return found[1]
    return "none"


async def filter_values(db: Database) -> dict[str, list[str]]:
    """What stands in the columns that filters ask by."""
    found: dict[str, list[str]] = {}
    for name, columns in TEXT_FILTERS.items():
        values: set[str] = set()
        for table, column in columns:
            assert column in metadata.tables[table].columns
            async with db.write(HOME) as session:
                sql = f'SELECT DISTINCT "{column}"::text AS said FROM "{table}"'
                values |= {str(row.said) for row in await session.execute(text(sql)) if row.said}
        if name == "wing":
            values = {each.partition("-")[0] for each in values}
        found[name] = sorted(values)
    return found
