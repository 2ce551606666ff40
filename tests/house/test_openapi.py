"""The OpenAPI document: complete, valid, and true of what is served."""

import asyncio
import re
import time
from inspect import getsource
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import TypeAdapter

from app.config import Settings
from app.db import Database
from app.errors import Beside
from app.grants import PUBLIC
from app.main import create_app
from app.openapi import api_routes, permission_of, roles_with, security_of
from app.openapi_tags import TAGS
from app.paging import Page
from app.problems import MEDIA_TYPE
from app.replies import OnceFor, etag
from tests import golden
from tests.house.callers import full
from tests.story import Wing

JSON = "application/json"


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every operation under its id, with its method."""
    found = [
        {"method": method, **operation}
        for item in document["paths"].values()
        for method, operation in item.items()
    ]
    by_id = {operation["operationId"]: operation for operation in found}
    assert len(by_id) == len(found), "operationIds are unique"
    return by_id


@pytest.fixture(scope="module")
def routes(app: FastAPI) -> dict[str, RouteContext]:
    return {str(route.name): route for route in api_routes(app) if route.include_in_schema}


def _resolved(thing: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in thing:
        return thing
    found: Any = document
    for part in thing["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def _dependencies(dependant: Dependant) -> list[Dependant]:
    inner = [each for one in dependant.dependencies for each in _dependencies(one)]
    return [dependant, *inner]


def test_the_contract_is_as_reviewed() -> None:
    golden.check("openapi.json")


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_operations_are_named_after_their_functions(
    operations: dict[str, dict[str, Any]], routes: dict[str, RouteContext]
) -> None:
    assert set(operations) == set(routes)
    for name, route in routes.items():
        assert name == getattr(route.endpoint, "__name__", "")


def test_every_operation_has_words_and_a_tag_that_is_explained(
    document: dict[str, Any], operations: dict[str, dict[str, Any]]
) -> None:
    assert {tag["name"]: tag["description"] for tag in document["tags"]} == TAGS
    used = {tag for operation in operations.values() for tag in operation["tags"]}
    assert used == set(TAGS)
    for name, operation in operations.items():
        assert operation["summary"]
        assert operation["description"].strip().endswith((".", "`")), name
        assert len(operation["tags"]) == 1, name


def test_every_operation_asks_for_the_bearer_unless_public(
    document: dict[str, Any],
    operations: dict[str, dict[str, Any]],
    routes: dict[str, RouteContext],
) -> None:
    scheme = document["components"]["securitySchemes"]["bearer"]
    assert (scheme["type"], scheme["scheme"], scheme["bearerFormat"]) == ("http", "bearer", "JWT")
    for name, operation in operations.items():
        permission = permission_of(routes[name].dependant)
        asked = [] if permission is None else security_of(permission)
        assert operation.get("security", []) == asked, name
        assert bool(asked) is (name not in PUBLIC), name
        if permission is not None:
            assert {"bearer": []} in asked
            assert operation["x-permission"] == permission
            assert operation["x-roles"] == roles_with(permission)


def test_refusals_are_problems_with_examples(
    document: dict[str, Any], operations: dict[str, dict[str, Any]]
) -> None:
    schema = {**document["components"]["schemas"]["Problem"], "components": document["components"]}
    for name, operation in operations.items():
        for status, response in operation["responses"].items():
            if status.startswith("2"):
                continue
            content = _resolved(response, document)["content"]
            assert set(content) == {MEDIA_TYPE}, f"{name} {status}"
            assert content[MEDIA_TYPE]["schema"] == {"$ref": "#/components/schemas/Problem"}
            for code, example in content[MEDIA_TYPE]["examples"].items():
                Draft202012Validator(schema).validate(example["value"])
                assert example["value"]["code"] == code
                assert status in {str(example["value"]["status"]), "default"}


def test_whatever_a_refusal_says_besides_is_declared(document: dict[str, Any]) -> None:
    problem = document["components"]["schemas"]["Problem"]
    beside = set(problem["properties"]) - set(problem["required"])
    assert beside == Beside.__optional_keys__


def test_what_every_caller_may_meet_is_declared(operations: dict[str, dict[str, Any]]) -> None:
    for name, operation in operations.items():
        declared = set(operation["responses"])
        if name not in PUBLIC:
            assert {"401", "403", "404", "422", "503"} <= declared, name
        if "requestBody" in operation:
            assert {"413", "422"} <= declared, name


def test_fastapis_own_error_shapes_are_nowhere(document: dict[str, Any]) -> None:
    assert "ValidationError" not in repr(document)


def test_every_body_has_an_example_that_is_accepted(
    document: dict[str, Any],
    operations: dict[str, dict[str, Any]],
    routes: dict[str, RouteContext],
) -> None:
    poor = []
    for name, operation in operations.items():
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            if media != JSON:
                continue
            if "example" not in content:
                poor.append(f"{name}: no example")
                continue
            schema = {**content["schema"], "components": document["components"]}
            checked = Draft202012Validator(schema).iter_errors(content["example"])
            problems = [error.message for error in checked]
            field = routes[name].body_field
            if field is not None and not problems:
                _, problems = field.validate(content["example"], {}, loc=("body",))
            poor += [f"{name}: {problem}" for problem in problems]
    assert not poor, "\n".join(poor)


def test_every_parameter_is_explained(operations: dict[str, dict[str, Any]]) -> None:
    for name, operation in operations.items():
        for parameter in operation.get("parameters", []):
            assert parameter["description"].endswith("."), f"{name}: {parameter['name']}"
            assert "null" not in repr(parameter["schema"]), f"{name}: {parameter['name']}"
            filters = parameter["description"].startswith("Only those")
            assert parameter["in"] == "query" or not filters, f"{name}: {parameter['name']}"


def test_lists_page_and_point_to_the_next(
    operations: dict[str, dict[str, Any]], routes: dict[str, RouteContext]
) -> None:
    pages = 0
    for name, operation in operations.items():
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        if "cursor" not in names:
            assert "Link" not in operation["responses"].get("200", {}).get("headers", {}), name
            continue
        pages += 1
        assert {"limit", "cursor"} <= names
        assert operation["method"] == "get"
        assert name.startswith("list_"), name
        assert "Link" in operation["responses"]["200"]["headers"]
        assert issubclass(routes[name].response_model, Page)
    assert pages >= 12


KEYS_OF_THEIR_OWN = {"raise_concerns"}  # every item of the body has one


def test_what_is_created_is_located_and_kept_under_its_key(
    operations: dict[str, dict[str, Any]], routes: dict[str, RouteContext]
) -> None:
    for name, operation in operations.items():
        if operation["method"] != "post" or "201" not in operation["responses"]:
            continue
        if name in KEYS_OF_THEIR_OWN:
            continue
        calls = [each.call for each in _dependencies(routes[name].dependant)]
        assert any(isinstance(call, OnceFor) for call in calls), name
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert "Idempotency-Key" in names, name
        assert "Idempotency-Replayed" in operation["responses"]["201"]["headers"], name


def test_an_address_of_the_new_is_declared_where_the_route_gives_one(
    operations: dict[str, dict[str, Any]], routes: dict[str, RouteContext]
) -> None:
    for name, operation in operations.items():
        answers = operation["responses"].values()
        declared = any("Location" in answer.get("headers", {}) for answer in answers)
        assert declared == ("location=" in getsource(routes[name].endpoint)), name


def test_a_reused_key_is_declared_unless_the_words_are_kept(
    document: dict[str, Any],
    operations: dict[str, dict[str, Any]],
    routes: dict[str, RouteContext],
) -> None:
    for name, operation in operations.items():
        calls = [each.call for each in _dependencies(routes[name].dependant)]
        once = [call for call in calls if isinstance(call, OnceFor)]
        if once and not once[0].keep_reuse:
            refused = _resolved(operation["responses"]["422"], document)["content"][MEDIA_TYPE]
            assert "idempotency_key_reused" in refused["examples"], name


def test_changes_take_the_version_they_change(operations: dict[str, dict[str, Any]]) -> None:
    for name, operation in operations.items():
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        if operation["method"] in {"put", "patch", "delete"}:
            assert "If-Match" in names, name
            assert {"412", "428"} <= set(operation["responses"]), name
        if "If-Match" in names:
            assert "412" in operation["responses"], name


def test_shapes_have_names_that_can_be_said(document: dict[str, Any]) -> None:
    for name in document["components"]["schemas"]:
        assert re.fullmatch(r"([A-Z][a-z0-9]*)+", name), name
    for item in document["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                schema = response.get("content", {}).get(JSON, {}).get("schema", {})
                assert not schema or status < "2" or not {"anyOf", "oneOf"} & set(schema)


NOT_BY_ROLE = {"AnyEventsTakenIn"}  # by whether plans are seen as well


def test_each_of_several_shapes_says_who_is_answered_in_it(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    unions = {name: each["anyOf"] for name, each in schemas.items() if set(each) >= {"anyOf"}}
    assert len(unions) > 50
    for name, union in unions.items():
        shapes = [each["$ref"].removeprefix("#/components/schemas/") for each in union]
        untold = [shape for shape in shapes if not schemas[shape].get("x-answered-to")]
        assert not untold or name in NOT_BY_ROLE, f"{name}: {untold}"


def test_a_move_says_its_states_and_reasons(document: dict[str, Any]) -> None:
    moves = [path for path in document["paths"] if path.endswith("/moves")]
    assert len(moves) > 30
    for path in moves:
        content = document["paths"][path]["post"]["requestBody"]["content"][JSON]
        body = _resolved(content["schema"], document)["properties"]
        assert content["example"]["to"] in body["to"]["enum"], path
        assert body["reason"]["description"], path


def _named_alike(answer: Any, path: str = "") -> list[str]:
    """Fields that are not snake_case."""
    if isinstance(answer, dict):
        bad = [f"{path}.{key}" for key in answer if not re.fullmatch(r"[a-z][a-z0-9_]*", key)]
        return bad + [each for key in answer for each in _named_alike(answer[key], f"{path}.{key}")]
    if isinstance(answer, list):
        return [each for item in answer for each in _named_alike(item, path)]
    return []


def asked(name: str, world: dict[str, dict[str, Any]]) -> str:
    """What has to be asked for, by the rows that there are."""
    mentor, mentee = world["mentor"]["id"], world["mentee"]["id"]
    people = f"mentor_id={mentor}&mentee_ids={mentee}&kind=day_to_day"
    queries = {"list_free_slots": people, "list_room_use": "from=2026-11-23T00:00:00Z"}
    return f"?{queries[name]}" if name in queries else ""


async def test_what_is_read_is_what_is_declared(
    routes: dict[str, RouteContext], wing: Wing, db: Database
) -> None:
    """Every GET, as every role: the bytes are the declared shape, every field and spelling of it.

    Lists are made by PostgreSQL and single rows by hand, so FastAPI checks neither.
    """
    there = await full(wing, db)
    wrong, answered, filled = [], set(), set()
    reads = {
        name: route
        for name, route in routes.items()
        if "GET" in (route.methods or ()) and permission_of(route.dependant) is not None
        if route.response_model is not None  # a file has no shape
        and name != "subject_access_request"  # HMPPS's spelling, and nobody here may ask
    }
    for name, route in reads.items():
        shape: TypeAdapter[Any] = TypeAdapter(route.response_model)
        for role, caller in there.callers.items():
            answer = await caller.request("GET", there.path(route) + asked(name, there.world))
            if answer.status_code != 200:
                assert answer.status_code in {403, 404}, f"{name} as {role}: {answer.text}"
                continue
            sent = orjson.loads(answer.content)
            read = shape.validate_json(answer.content)
            if shape.dump_python(read, mode="json", exclude_unset=True) != sent:
                wrong.append(f"{name} as {role}: {answer.text[:300]}")
            wrong += [f"{name}: {each}" for each in _named_alike(sent)]
            answered.add(name)
            if sent.get("items") != []:
                filled.add(name)
            if "version" in sent and answer.headers.get("etag") != etag(sent["version"]):
                wrong.append(f"{name} as {role}: no ETag")
    assert not wrong, "\n".join(wrong)
    assert answered == set(reads)
    assert filled == set(reads)


async def test_it_is_made_once_and_nobody_waits_meanwhile(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, asked = create_app(settings), []

    def slowly(_: FastAPI) -> dict[str, Any]:
        asked.append(1)
        time.sleep(0.5)
        return {"openapi": "3.1.0"}

    monkeypatch.setattr("app.openapi.document", slowly)
    transport = httpx.ASGITransport(app=made)
    async with httpx.AsyncClient(transport=transport, base_url="http://wellwing") as client:
        documents = [asyncio.create_task(client.get("/openapi.json")) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert (await client.get("/docs")).status_code == 200
        assert not any(each.done() for each in documents)
        answers = await asyncio.gather(*documents)
    assert [each.json() for each in answers] == [{"openapi": "3.1.0"}] * 3
    assert asked == [1]
