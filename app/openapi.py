"""The OpenAPI document: the product's face. Names each operation after its function."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from app import __version__
from app.access import GRANTS, May, Permission

TAGS = {
    "me": "Who am I, what may I do, and every code list with its plain words.",
    "prisons": "A prison and the settings of its scheme.",
    "wings": "Wings, one of them dedicated to the scheme.",
    "rooms": "Rooms where sessions are held.",
    "regimes": "The prison's day by weekday: slots and lock-up.",
    "people": "Prisoners, as far as the scheme must know them; imported as HMPPS answers them.",
    "staff": "Staff of the scheme and their roles.",
    "duties": "Who answers the pages, when, and who is the last resort.",
    "mentors": "From application to active and on: evidence, clearance, moves.",
    "trainings": "The five modules, signed off by a nurse.",
    "mentees": "Referral, triage, consent, support and its end.",
    "pairings": "Which mentor supports which mentee.",
    "sessions": "Plans that cannot clash, and what took place.",
    "concerns": "Something worrying: raised, acknowledged, seen, decided, fed back, closed.",
    "notifications": "Pages to me. They say that I am needed, and nothing more.",
    "health": "For load balancers and for the dead man's switch.",
    "development": "Only in development: tokens and the movable clock.",
}

DESCRIPTION = """
Runs a prison's peer-mentor emotional well-being scheme.

**The record is never the alarm.** For danger now: tell an officer or press the cell bell, then
record. A concern that could not be saved is answered with a problem that begins `NOT SAVED`.

- Every path under `/v1/prisons/{prison_id}` is scoped to that prison; what you may not see is 404.
- Lists answer `{items, next}`; follow `next` or the `Link` header. Unknown parameters: 422.
- A resource's `ETag` goes into `If-Match` on PUT and PATCH (428 without it, 412 when stale).
- Creating POSTs take an `Idempotency-Key`: the same key and body get the same answer again.
- `moves` on a resource says what you may do next, and the codes of what stands in the way.
- Refusals are `application/problem+json` (RFC 9457); `code` is stable.
"""


def api_routes(app: FastAPI) -> list[tuple[str, APIRoute]]:
    """Every API route with its full path, however deep the routers are nested."""
    return [
        (context.path_format, context.original_route)
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute) and context.path_format is not None
    ]


def permission_of(route: APIRoute) -> Permission | None:
    """The permission a route proves, found in its dependencies."""
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        if isinstance(dependant.call, May):
            return dependant.call.permission
        waiting.extend(dependant.dependencies)
    return None


def _roles(permission: Permission) -> list[str]:
    return [role.value for role, granted in GRANTS.items() if permission in granted]


def document(app: FastAPI) -> dict[str, Any]:
    """The document, made once. Adds to each operation who may call it."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    made = get_openapi(
        title="Wellwing",
        version=__version__,
        summary="Peer-mentor emotional well-being in prisons",
        description=DESCRIPTION,
        license_info={"name": "MIT", "identifier": "MIT"},
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        servers=[{"url": "/", "description": "This server"}],
        routes=app.routes,
    )
    for path, route in api_routes(app):
        permission = permission_of(route)
        for method in route.methods or ():
            operation = made["paths"].get(path, {}).get(method.lower())
            if operation is not None and permission is not None:
                operation["x-permission"] = permission.value
                operation["x-roles"] = _roles(permission)
    app.openapi_schema = made
    return made
