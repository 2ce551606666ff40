"""Schemathesis over the whole OpenAPI document, as each role: no 500, no undeclared status, no
answer of another shape than declared."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as tried
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.db import Database
from app.models.staff import Role
from tests.house.callers import Full, full
from tests.security.crawler import PATH_TABLES, asked
from tests.story import Wing

pytestmark = pytest.mark.xdist_group("schemathesis")  # one worker makes the cases that they share

# Examples an operation, of each kind: of the declared shape, and not. More for a long run.
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "1"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
"""The others ask for what this service denies on purpose: that wrong data is refused before who
asks is, or that what was made is there for everybody."""
ROLES: list[Role | None] = [
    *(role for role in Role if role not in {Role.system, Role.machine}),
    None,
]
# Last, for they end the token they are asked with.
LAST = {"sign_out", "revoke_tokens"}
# What says 503 on purpose: no worker sweeps the prisons of other tests, nor is anybody there.
ALARMS = {"escalation_health", "channel_health"}


def _generated(operation: Any, mode: GenerationMode) -> list[Case]:
    """Some cases of one kind, always the same."""
    found: list[Case] = []

    @tried(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Case) -> None:
        found.append(case)

    try:
        collect()
    except Unsatisfiable:  # nothing can be wrong with what takes nothing
        assert mode is GenerationMode.NEGATIVE
    return found


@pytest.fixture(scope="module")
def cases(open_app: FastAPI) -> dict[str, list[Case]]:
    """The cases by operation, made once and tried by everybody."""
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(open_app.openapi())))
    operations = [each.ok() for each in schema.get_all_operations()]
    made = {
        each.definition.raw["operationId"]: [
            *_generated(each, GenerationMode.POSITIVE),
            *_generated(each, GenerationMode.NEGATIVE),
        ]
        for each in operations
        if "/development" not in each.path
    }
    return dict(sorted(made.items(), key=lambda one: one[0] in LAST))


def _here(value: Any, there: Full, name: str = "") -> Any:
    """A body in which every id of a row is one of a row there is."""
    if isinstance(value, Mapping):
        return {key: _here(each, there, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_here(each, there, name.removesuffix("s")) for each in value]
    row = there.world.get(name.removesuffix("_id"), {})
    return str(row["id"]) if name.endswith("_id") and "id" in row and _is_id(value) else value


def _is_id(value: Any) -> bool:
    try:
        return bool(UUID(str(value)))
    except ValueError:
        return False


def _requests(
    case: Case, there: Full, token: str, *, as_made: bool
) -> Iterator[requests.PreparedRequest]:
    """The case led to rows there are; before that also as it was made, if asked for."""
    body, path = case.body, dict(case.path_parameters)
    for real in (False, True) if as_made else (True,):
        if real:
            case.body = _here(body, there) if isinstance(body, dict | list) else body
            for name in path:
                table = PATH_TABLES.get(name, name.removesuffix("_id"))
                if "id" in there.world.get(table, {}):
                    path[name] = str(there.world[table]["id"])
        if "prison_id" in path:
            path["prison_id"] = there.wing.prison_id
        case.path_parameters = path
        given_ = case.as_transport_kwargs(base_url="http://wellwing")
        headers = dict(given_.pop("headers") or {})
        headers = {name: value for name, value in headers.items() if name != "Authorization"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if real:
            headers["If-Match"] = "*"
        given_.pop("cookies", None)
        yield requests.Request(**given_, headers=headers).prepare()
    case.body = body


async def _tried(app: FastAPI, case: Case, request: requests.PreparedRequest) -> str | None:
    """What is wrong with the answer, if anything."""
    parts = urlsplit(str(request.url))
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    content = request.body or b""
    content = content.encode() if isinstance(content, str) else content
    headers = {
        name: value if isinstance(value, str) else value.decode("latin-1")
        for name, value in request.headers.items()
        if name.lower() != "content-length"
    }
    answer = await asked(app, str(request.method), path, headers, content)
    response = schemathesis.Response(
        status_code=answer.status,
        headers={name: [value] for name, value in answer.headers.items()},
        content=answer.text.encode(),
        request=request,
        elapsed=0.01,
        verify=False,
    )
    try:
        case.validate_response(response, checks=CHECKS)
    except FailureGroup as failed:
        said = "; ".join(f"{each.title}: {each.message}"[:400] for each in failed.exceptions)
        return f"{case.method} {path} → {answer.status}: {said} {answer.text[:300]}"
    return None


@pytest.mark.parametrize("role", ROLES)
async def test_every_answer_is_one_of_those_declared(
    open_app: FastAPI,
    wing: Wing,
    db: Database,
    cases: dict[str, list[Case]],
    role: Role | None,
    record_property: Any,
) -> None:
    there = await full(wing, db)
    token = there.callers[role].token if role else ""
    wrong, count = set(), 0
    for name, some in cases.items():
        for number, case in enumerate(some):
            for request in _requests(case, there, token, as_made=number % EXAMPLES == 0):
                found = await _tried(open_app, case, request)
                count += 1
                if found and name not in ALARMS:
                    wrong.add(f"{name}: {found}")
    record_property("cases", count)
    print(f"{role or 'without a token'}: {len(cases)} operations, {count} cases")  # noqa: T201
    assert not wrong, "\n".join(sorted(wrong))
