"""The document is held against what is served: each operation is called as its example says, and
every answer, whatever it is, must be one that the document declares."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from app.db import Database
from app.models.staff import Role
from app.openapi import api_routes
from app.problems import MEDIA_TYPE
from tests.house.callers import Full, full
from tests.house.test_openapi import asked
from tests.story import Caller, Wing

JSON = "application/json"
EXAMPLE_ID = re.compile(r"0198c0de-[0-9a-f-]{27}")
# Names of ids that are not the name of their table.
NAMED = {"owner": "staff", "lead": "staff", "support_worker": "staff", "host": "mentor"}
# Its example is well formed, and what it says does not fit the row there is: each with its reason.
UNFITTING = {
    **dict.fromkeys(
        ("add_action", "create_duty", "create_duty_pattern", "hold_joint_review", "plan_cohort"),
        "the one member of staff is of another profession",
    ),
    "update_cohort": "the one member of staff is of another profession",
    "acknowledge_concern": "the concern is raised later than the example says",
    "add_cohort_day": "the module is none of the cohort's",
    "answer_survey": "the code is none that was given out",
    "ask_for_place": "the series is met for the last time",
    "assign_complaint": "the one member of staff may not have it",
    "correct_outreach_visit": "the one wing is the scheme's own",
    "create_duty_override": "the one member of staff has the duty already",
    "decide_concern": "the concern asks for a decision on ACCT as well",
    "declare_acquaintance": "the one person would know themselves",
    "export_identifiable_dataset": "the data set asked for has no names",
    "hand_over_concern": "the concern is raised later than the example says",
    "hold_supervision": "the mentor is active since later",
    "merge_concern": "the one concern would be merged with itself",
    "plan_occurrence_anew": "the series has no such meeting",
    "put_immediacy": "it is the present one",
    "record_outreach_visit": "the one wing is the scheme's own",
    "record_person_seen": "the concern is raised later than the example says",
    "resolve_acquaintance": "the one person would know themselves",
}
# Days that lie within a few weeks of the day on which they are told: no example stays so.
OF_THESE_WEEKS = {
    "put_check_first",
    "record_check_in",
    "reoffer_sessions",
    "reschedule_supervision",
}
FOREIGN = {"import_people", "import_non_associations"}  # HMPPS's documents, whatever they hold
# After these nobody is let in as before.
LAST = ("revo", "development_clock", "update_staff", "update_client")


@dataclass
class Operation:
    """One operation of the document, and how it is called in a world that holds one of each."""

    method: str
    path: str
    told: dict[str, Any]
    document: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.told["operationId"])

    @property
    def example(self) -> Any:
        content = self.told.get("requestBody", {}).get("content", {})
        return content.get(JSON, {}).get("example")

    @property
    def roles(self) -> list[Role | None]:
        return [Role(role) for role in self.told.get("x-roles", [])] or [None]

    def response(self, status: int) -> dict[str, Any]:
        found = self.told["responses"].get(str(status), self.told["responses"]["default"])
        if "$ref" in found:
            name = found["$ref"].rsplit("/", 1)[-1]
            return dict(self.document["components"]["responses"][name])
        return dict(found)


def operations_of(document: dict[str, Any]) -> list[Operation]:
    found = [
        Operation(method.upper(), path, told, document)
        for path, item in document["paths"].items()
        for method, told in item.items()
    ]
    return sorted(found, key=lambda each: any(word in each.name for word in LAST))


def led(value: Any, name: str, world: dict[str, dict[str, Any]]) -> Any:
    """An example with the ids of rows that there are; the rest of it as it stands."""
    if isinstance(value, dict):
        return {key: led(each, key, world) for key, each in value.items()}
    if isinstance(value, list):
        return [led(each, name.removesuffix("s"), world) for each in value]
    if not isinstance(value, str) or not EXAMPLE_ID.fullmatch(value):
        return value
    noun = name.removesuffix("_id")
    known = [NAMED.get(noun, noun), noun.rpartition("_")[2]]
    row = next((world[each] for each in known if each in world), {})
    return str(row.get("id", value))


def declared_headers(answer: httpx.Response, response: dict[str, Any]) -> Iterator[str]:
    """Headers that are sent undeclared, or are not sent and told to be."""
    told = {name.lower(): header for name, header in response.get("headers", {}).items()}
    for name in ("etag", "location", "retry-after", "link", "content-disposition"):
        if name in answer.headers and name not in told:
            yield f"sends {name}"
    for name, header in told.items():
        if header.get("required") and name not in answer.headers:
            yield f"sends no {name}"


def undeclared(answer: httpx.Response, operation: Operation) -> Iterator[str]:
    """What an answer is that the document does not say."""
    status = answer.status_code
    if str(status) not in operation.told["responses"]:
        yield "is not declared"
        return
    response = operation.response(status)
    yield from declared_headers(answer, response)
    media = answer.headers.get("content-type", "").partition(";")[0]
    content = response.get("content", {})
    if media and media not in content:
        yield f"is {media}"
    if not answer.content or media not in {JSON, MEDIA_TYPE}:
        return
    body = answer.json()
    schema = {**content[media]["schema"], "components": operation.document["components"]}
    for error in Draft202012Validator(schema).iter_errors(body):
        yield f"{error.json_path} {error.message[:200]}"
    if status >= 400:
        if body["code"] not in content[media]["examples"]:
            yield f"has the code {body['code']}"
        known = operation.document["components"]["schemas"]["Problem"]["properties"]
        yield from (f"says {name}" for name in set(body) - set(known))


@dataclass
class Walk:
    """One way through every operation: each called by its roles until one is let through."""

    there: Full
    routes: dict[str, Any]
    wrong: list[str]
    malformed: dict[str, str]
    through: set[str]

    def caller(self, role: Role | None) -> Caller:
        return self.there.callers[role] if role else self.there.wing.governor

    async def send(self, operation: Operation, role: Role | None, body: Any) -> httpx.Response:
        named = {each["name"] for each in operation.told.get("parameters", [])}
        headers = {"If-Match": "*"} if "If-Match" in named else {}
        content: dict[str, Any] = {}
        if body is not None:
            headers["Content-Type"] = JSON
            content["content"] = orjson.dumps(body)
        path = self.there.path(self.routes[operation.name])
        path += asked(operation.name, self.there.world)
        caller = self.caller(role)
        answer = await caller.request(operation.method, path, headers=headers, **content)
        told = f"{operation.name} as {role}: {answer.status_code}"
        self.wrong += [f"{told} {each}" for each in undeclared(answer, operation)]
        return answer

    async def go(self, operation: Operation) -> None:
        refusals = []
        for role in operation.roles:
            example = operation.example
            if isinstance(example, dict) and operation.name not in FOREIGN:
                await self.surprise(operation, role)
            body = led(example, "", self.there.world) if example is not None else None
            answer = await self.send(operation, role, body)
            if answer.is_success:
                self.through.add(operation.name)
                return
            if answer.status_code == 422 and answer.json()["code"] == "invalid":
                refusals.append(answer.json()["detail"])
            elif answer.status_code in {409, 412, 410}:
                refusals.append("")
        if refusals and all(refusals):
            self.malformed[operation.name] = refusals[0]

    async def surprise(self, operation: Operation, role: Role | None) -> None:
        """A body with a field that nobody knows is refused by that field's name."""
        answer = await self.send(operation, role, {**operation.example, "surprise": 1})
        if answer.status_code not in {422, 401, 403, 404}:
            self.wrong.append(f"{operation.name} as {role}: {answer.status_code} with a surprise")
        if answer.status_code == 422:
            fields = [each["field"].rpartition(".")[2] for each in answer.json()["errors"]]
            if "surprise" not in fields:
                self.wrong.append(f"{operation.name} as {role}: names {fields}")


@pytest.fixture
async def walk(app: FastAPI, wing: Wing, db: Database) -> Walk:
    routes = {str(route.name): route for route in api_routes(app)}
    return Walk(await full(wing, db), routes, [], {}, set())


async def test_every_example_is_taken_and_every_answer_is_declared(
    app: FastAPI, walk: Walk
) -> None:
    for operation in operations_of(app.openapi()):
        await walk.go(operation)
    assert not walk.wrong, "\n".join(walk.wrong)
    assert set(walk.malformed) - OF_THESE_WEEKS == set(UNFITTING), walk.malformed
    assert len(walk.through) > 350
