"""The OpenAPI document: the product's face. Names each operation after its function."""

from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from pydantic.json_schema import models_json_schema

from app import __version__
from app.access import May, MayOneself
from app.config import Settings
from app.errors import HeadersTooLarge, Refused, TooLarge, UriTooLong
from app.grants import GRANTS, SCOPES
from app.models.webhooks import CloudEvent
from app.openapi_shapes import refine
from app.openapi_tags import TAGS
from app.problems import MEDIA_TYPE, Problem, example_of, refusals
from app.rights import Permission
from app.services.reference import labels
from app.sse import MESSAGES
from app.tokens import DISCOVERY

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
- Every answer has an `X-Request-ID`: the UUID you sent under that name, or a new one. It is the
  `instance` of a refusal and stands in our log; quote it when you ask for help.
- Too many requests from one address or under one subject: 429 with `Retry-After`. Raising a concern
  is never counted. Headers over 16 KiB are answered 431, an address over 8 KiB 414.
"""

# What parameters mean wherever they appear without words of their own.
PARAMETERS = {
    "sort": "The order; a leading `-` turns it round.",
    "status": "Only those in this state.",
    "kind": "Only those of this kind.",
    "from": "Only those that begin at this time or later.",
    "to": "Only those that begin before this time.",
}
JSON = "application/json"
CLOUD_EVENT = "application/cloudevents+json"
# Kinds of files, saved under a name of their own.
FILES = {
    "application/pdf",
    "application/vnd.apache.parquet",
    "application/zip",
    "image/png",
    "image/svg+xml",
    "text/calendar",
    "text/csv",
}
EXAMPLE_ID = "0198c0de-0000-7000-8000-000000000000"
HEADERS = {
    "ETag": "The version, for `If-Match`; absent where the shape has no `version`.",
    "Link": 'The next page, as `<...>; rel="next"`; absent on the last one.',
    "Location": "The new resource, relative to this address.",
    "Idempotency-Replayed": "`true` when this answer was given before under the same key.",
    "Content-Disposition": "The file's name.",
}
# What is made without an address of its own: reports of what was taken in, what is told once, parts
# of another thing.
WITHOUT_ADDRESS = {
    "add_action",
    "add_cohort_day",
    "add_cohort_member",
    "add_safety_item",
    "add_to_clinical_note",
    "add_to_concern",
    "add_to_session_note",
    "assess_observation",
    "change_series_plan",
    "create_export_link",
    "create_stream_ticket",
    "explain_confidentiality",
    "import_incident_counts",
    "import_non_associations",
    "import_people",
    "import_prison_events",
    "import_regimes",
    "log_observation",
    "plan_occurrence_anew",
    "raise_concerns",
    "record_check",
    "reoffer_sessions",
    "report_death",
    "revoke_tokens",
    "sign_adoption",
    "tell_hosts_view",
    "turn_away",
}


def api_routes(app: FastAPI) -> list[RouteContext]:
    """Every API route with its full path and dependencies, however deep the routers are nested."""
    return [
        context
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute)
    ]


def permission_of(dependant: Dependant) -> Permission | None:
    """The permission a route proves, found in its dependencies."""
    waiting = [dependant]
    while waiting:
        found = waiting.pop()
        if isinstance(found.call, May | MayOneself):
            return found.call.permission
        waiting.extend(found.dependencies)
    return None


def roles_with(permission: Permission) -> list[str]:
    return [role.value for role, granted in GRANTS.items() if permission in granted]


def scopes_with(permission: Permission) -> list[str]:
    """The scopes with which a machine client may ask for it."""
    return [scope.value for scope, opened in SCOPES.items() if permission in opened]


def security_of(permission: Permission) -> list[dict[str, list[str]]]:
    """Any of these lets a caller in: a person's token, or a machine's with the scope."""
    machines = [{"clientCredentials": [scope]} for scope in scopes_with(permission)]
    return [{"bearer": []}, {"openIdConnect": []}, *machines]


def _machines_schemes(config: Settings) -> dict[str, Any]:
    """How tokens are got: the issuer's discovery document says where."""
    own, scopes = config.development_issuer, labels()["client_scope"]
    discovery = DISCOVERY if own else config.token_issuer.removesuffix("/") + DISCOVERY
    return {
        "openIdConnect": {
            "type": "openIdConnect",
            "openIdConnectUrl": discovery,
            "description": "A person's token of the issuer, sent as the bearer.",
        },
        "clientCredentials": {
            "type": "oauth2",
            "description": "A machine client's own token. Its scopes are those that both the token"
            " names and the prison's governors have let it have. The issuer's discovery document"
            " names the true `token_endpoint`.",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": "/development/tokens" if own else discovery,
                    "scopes": {scope: words["label"] for scope, words in scopes.items()},
                }
            },
        },
    }


def document(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
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
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    others = (Problem, CloudEvent, *MESSAGES.values())
    besides: list[Any] = [(each, "serialization") for each in others]
    _, found = models_json_schema(besides, ref_template="#/components/schemas/{model}")
    schemas.update(found["$defs"])
    refine(made)
    schemas = made["components"]["schemas"]
    made["components"]["securitySchemes"] |= _machines_schemes(app.state.settings)
    for route in api_routes(app):
        for method in route.methods or ():
            operation = made["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                _finish(operation, schemas, permission_of(route.dependant))
                _share(operation["responses"], made["components"].setdefault("responses", {}))
                operation["responses"]["default"] = {"$ref": "#/components/responses/other"}
    made["components"]["responses"]["other"] = _any_other()
    made["webhooks"] = {"event": {"post": _told_to_webhooks(schemas)}}
    app.openapi_schema = made
    return made


def _finish(
    operation: dict[str, Any], schemas: dict[str, Any], permission: Permission | None
) -> None:
    """Add to an operation what FastAPI cannot know: who may call it, headers, examples, words."""
    operation["summary"] = operation["operationId"].replace("_", " ").capitalize()
    if permission is not None:
        operation["x-permission"] = permission.value
        operation["x-roles"] = roles_with(permission)
        operation["security"] = security_of(permission)
    parameters = operation.get("parameters", [])
    for parameter in parameters:
        parameter.setdefault("description", _meaning(parameter["name"], parameter["in"]))
        parameter["schema"] = _sendable(parameter["schema"])
    for media in operation.get("requestBody", {}).get("content", {}).values():
        example = _example(media["schema"], schemas)
        if "example" not in media and example is not None:
            media["example"] = example
    if "requestBody" in operation:
        too_large = refusals(TooLarge)[TooLarge.status]
        operation["responses"].setdefault(str(TooLarge.status), too_large)
    taken = {parameter["name"] for parameter in parameters}
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            _add_headers(operation["operationId"], response, status, taken, schemas)
            _say_what_comes(response, schemas)


def _share(responses: dict[str, Any], shared: dict[str, Any]) -> None:
    """Put each refusal among the components once, under its codes, and point to it."""
    for status, response in responses.items():
        problem = response.get("content", {}).get(MEDIA_TYPE)
        if problem is not None:
            name = "_or_".join(problem["examples"])
            shared.setdefault(name, response)
            responses[status] = {"$ref": f"#/components/responses/{name}"}


def _any_other() -> dict[str, Any]:
    """What any operation may answer besides: before it is reached, or when we are at fault."""
    said = Refused("Something went wrong on our side. Quote the reference in `instance`.")
    kinds: tuple[type[Refused], ...] = (HeadersTooLarge, UriTooLong)
    examples = {kind.code: {"summary": kind.title, "value": example_of(kind)} for kind in kinds}
    fault = {**example_of(Refused), "type": "urn:wellwing:problem:internal", "code": "internal"}
    fault |= {"status": 500, "title": "Internal error", "detail": said.detail}
    examples["internal"] = {"summary": "Internal error", "value": fault}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    return {
        "description": "Any other answer: a problem too. After a 5xx ask again.",
        "content": {MEDIA_TYPE: content},
    }


def _sendable(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out or has a value: no address and no header can hold null."""
    choices = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
    return {**rest, **choices[0]} if len(choices) == 1 else schema


def _told_to_webhooks(schemas: dict[str, Any]) -> dict[str, Any]:
    """What systems that governors register are sent, and what they are to answer."""
    headers = {
        "webhook-id": "The event's id: the same however often it is sent.",
        "webhook-timestamp": "When it was sent, in seconds since 1970.",
        "webhook-signature": "`v1,` and the signature; two while an old secret still holds.",
    }
    schema = {"$ref": "#/components/schemas/CloudEvent"}
    media = {"schema": schema, "example": _example(schema, schemas)}
    return {
        "operationId": "receive_event",
        "summary": "Receive an event",
        "description": "Sent to each webhook for the topics it was registered with. Check the"
        " signature over `webhook-id`, `webhook-timestamp` and the bytes, each after a dot.",
        "tags": ["webhooks"],
        "security": [],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": told,
                "schema": {"type": "string"},
            }
            for name, told in headers.items()
        ],
        "requestBody": {"required": True, "content": {CLOUD_EVENT: media}},
        "responses": {
            "2XX": {"description": "Taken. Answer within 15 seconds and work afterwards."},
            "410": {"description": "No more of this: the webhook is ended."},
            "default": {"description": "Not taken: it is sent again later."},
        },
    }


def _meaning(name: str, where: str) -> str:
    words = name.replace("_", " ")
    if name.endswith("_id"):
        return f"The {words.removesuffix(' id')}'s id."
    if where == "path":
        return f"Which {words}."
    return PARAMETERS.get(name, f"Only those with this value of `{name}`.")


def _add_headers(
    name: str, response: dict[str, Any], status: str, taken: set[str], schemas: dict[str, Any]
) -> None:
    content = response.get("content", {})
    shapes = _shapes(content.get(JSON, {}).get("schema", {}), schemas)
    versions = [shape.get("properties", {}).get("version", {}) for shape in shapes]
    versioned = [each.get("type") == "integer" for each in versions]
    posted = status in {"201", "202"} and "Idempotency-Key" in taken
    present = {
        "ETag": any(versioned),
        "Link": "cursor" in taken,
        "Location": posted and name not in WITHOUT_ADDRESS,
        "Idempotency-Replayed": "Idempotency-Key" in taken,
        "Content-Disposition": any(media in FILES for media in content),
    }
    always = {"ETag": all(versioned), "Location": True}
    headers: dict[str, Any] = response.get("headers", {})
    for header, text in HEADERS.items():
        if present[header] and header not in headers:
            headers[header] = {"description": text, "schema": {"type": "string"}}
            if always.get(header):
                headers[header]["required"] = True
    if headers:
        response["headers"] = headers


def _say_what_comes(response: dict[str, Any], schemas: dict[str, Any]) -> None:
    """What an answer is, in the words of its shape."""
    schema = response.get("content", {}).get(JSON, {}).get("schema", {})
    if response["description"] == "Successful Response" and "$ref" in schema:
        told = schemas[schema["$ref"].rsplit("/", 1)[-1]].get("description")
        response["description"] = told or response["description"]


def _shapes(schema: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """The object schemas a schema may stand for, its references followed."""
    if "$ref" in schema:
        return _shapes(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas)
    if "anyOf" in schema:
        return [shape for each in schema["anyOf"] for shape in _shapes(each, schemas)]
    return [schema]


def _example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """An example of a body, put together from the examples of its fields; None without any."""
    shape = _shapes(schema, schemas)[0]
    for told in (schema, shape):
        if "examples" in told:
            return told["examples"][0]
    if shape.get("type") == "array":
        inner = _example(shape["items"], schemas)
        return None if inner is None else [inner]
    needed = shape.get("required", [])
    fields = {
        name: example
        for name, field in shape.get("properties", {}).items()
        if (example := _example(field, schemas) or _plain_example(field, schemas, name in needed))
        is not None
    }
    return fields or None


def _plain_example(schema: dict[str, Any], schemas: dict[str, Any], needed: bool) -> Any:
    """What a needed field without an example may hold, where its type alone says it."""
    shape = _shapes(schema, schemas)[0]
    if needed and "const" in shape:
        return shape["const"]
    if needed and "enum" in shape:
        return shape["enum"][0]
    return EXAMPLE_ID if needed and shape.get("format") == "uuid" else None
