"""Access: every route asks for a permission, and answers as the one page of grants says."""

import inspect
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import RouteContext

from app.config import Settings
from app.db import Database
from app.grants import AUTHORITIES, GRANTS, PUBLIC
from app.models.staff import Role
from app.openapi import api_routes, permission_of
from app.rights import Permission
from app.routers import every_router, noun_of, nouns_of
from tests import golden
from tests.house.callers import full
from tests.story import Wing

# Where a permission is not enough: refused by the row or the act, each with its reason.
FINER = {
    ("list_efforts", Role.governor): "a governor reads hours put together",
    ("read_wing_occupancy", Role.mentor): "a prisoner learns where their own place stands",
    ("read_wing_occupancy", Role.applicant): "a prisoner learns where their own place stands",
    ("sign_off_concern", Role.governor): "clinicians sign off; governors work on the rest",
    ("accept_action", Role.governor): "only the one it was handed to accepts an action",
}
# Permissions whose routes are still to come, each with its reason.
TO_COME = {
    Permission.fhir_read: "the FHIR façade",
}
ROUTERS = Path(__file__).parents[2] / "app" / "routers"


def shown(app: FastAPI) -> list[tuple[str, RouteContext]]:
    """Every operation: its method and its route."""
    return [
        (method, route)
        for route in api_routes(app)
        if route.include_in_schema
        for method in sorted(route.methods or ())
    ]


def test_who_may_do_what_is_as_reviewed() -> None:
    golden.check("access.txt")


def test_no_route_is_overlooked(app: FastAPI) -> None:
    """The walk, the document and the source count the same."""
    walked = shown(app)
    documented = [
        (method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item
    ]
    written = sum(
        len(
            re.findall(
                r"^@(?:router|own)\.(?:get|head|post|put|patch|delete)\(", file.read_text(), re.M
            )
        )
        for file in ROUTERS.rglob("*.py")
    )
    assert len(walked) == len(documented) == written > 40
    assert {(method, route.path_format) for method, route in walked} == set(documented)


def test_a_router_passes_over_no_path_that_one_of_its_routes_matches(
    app: FastAPI, settings: Settings
) -> None:
    routers = every_router(settings)
    there = [(route.path_regex, route.path_format or "") for route in api_routes(app)]
    paths = [re.sub(r"\{\w+\}", "SLI", path) for _, path in there]
    odd = ["", "*", "/", "//", "/v1", "/v1/", "/v1/prisons", "/v1/prisons/SLI/", "/v1/prisons//me"]
    for path in [*paths, *odd]:
        nouns = {noun_of(format_) for regex, format_ in there if regex and regex.match(path)}
        assert nouns <= {noun_of(path)}, path
    nouns = [nouns_of(router) for router in routers]
    assert not any(noun.startswith("{") for some in nouns for noun in some)
    tried = sum(noun_of(path) in some for path in paths for some in nouns)
    assert len(paths) <= tried < 1.5 * len(paths), "hardly any but their own"


def test_nothing_is_served_beside_the_documented(app: FastAPI) -> None:
    hidden = {route.path_format for route in api_routes(app) if not route.include_in_schema}
    others = {getattr(route, "path", None) for route in app.routes} - {None}
    documented = set(app.openapi()["paths"])
    assert hidden == {"/docs", "/openapi.json"}
    assert others - documented == {"/docs", "/docs/assets", "/openapi.json"}


def test_every_route_asks_for_a_permission_or_is_public_for_a_reason(app: FastAPI) -> None:
    without = {route.name for _, route in shown(app) if permission_of(route.dependant) is None}
    assert without == set(PUBLIC)
    assert all(PUBLIC.values())


def test_every_permission_is_asked_for_and_granted(app: FastAPI) -> None:
    asked = {permission_of(route.dependant) for _, route in shown(app)}
    assert set(Permission) - asked == set(TO_COME)
    assert set(Permission) == set().union(*GRANTS.values(), *AUTHORITIES.values())
    assert set(GRANTS) == set(Role)


async def test_without_a_token_nothing_but_the_public_is_answered(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    for method, route in shown(app):
        if route.name in PUBLIC:
            continue
        path = re.sub(r"\{prison_id\}", "SLI", route.path_format or "")
        answer = await http.request(method, re.sub(r"\{\w+\}", "1", path))
        assert answer.status_code == 401, route.name
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_another_prison_is_not_there(app: FastAPI, wing: Wing) -> None:
    for method, route in shown(app):
        if "{prison_id}" not in (route.path_format or ""):
            continue
        path = (route.path_format or "").replace("{prison_id}", "ZZZ")
        answer = await wing.governor.request(method, re.sub(r"\{\w+\}", "1", path))
        assert answer.status_code == 404, f"{route.name}: {answer.text}"


async def test_every_role_is_let_through_where_it_is_granted_and_nowhere_else(
    app: FastAPI, wing: Wing, db: Database
) -> None:
    """Role by operation, over HTTP. What is asked for may be wrong; the permission comes first."""
    there = await full(wing, db)
    wrong = []
    for method, route in shown(app):
        permission = permission_of(route.dependant)
        if permission is None:
            continue
        for role, caller in there.callers.items():
            answer = await caller.request(method, there.path(route))
            refused = answer.status_code == 403 and (
                method == "HEAD" or answer.json()["code"] == "not_allowed"
            )
            granted = permission in GRANTS[role] and (route.name, role) not in FINER
            if refused is granted or answer.status_code >= 500:
                wrong.append(f"{route.name} as {role}: {answer.status_code} {answer.text[:120]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.system])
async def test_a_token_gives_no_more_than_the_row_of_staff(wing: Wing, role: Role) -> None:
    """A governor's token in the hands of an officer is worth nothing here."""
    token = wing.issuer.issue(wing.officer.subject, [role.value], [wing.prison_id])
    answer = await wing.http.get(
        wing.officer.url("staff"), headers={"Authorization": f"Bearer {token}"}
    )
    same = role in {Role.wing_duty, Role.support_worker}
    assert answer.status_code == (200 if same else 403), answer.text


def test_no_dependency_costs_a_thread(app: FastAPI) -> None:
    """A synchronous one is run in a thread: two hops a request cost a third of the list's speed."""
    sync = set()
    for route in api_routes(app):
        waiting = [route.dependant]
        while waiting:
            dependant = waiting.pop()
            waiting.extend(dependant.dependencies)
            call = dependant.call
            asks = call if inspect.isroutine(call) else type(call).__call__
            if not (inspect.iscoroutinefunction(asks) or inspect.isasyncgenfunction(asks)):
                sync.add(getattr(call, "__qualname__", repr(call)))
    assert not sync
