"""Shapes of the OpenAPI document as those who build on it meet them: unions and pages under names
that can be said, each body of a move with its own states, each shape with those it is answered to.
"""

import re
from collections.abc import Iterable
from itertools import takewhile
from typing import Any

from app.lifecycles import every_lifecycle, moves_of
from app.models.staff import Role
from app.services.lifecycle import Lifecycle
from app.visibility import MATRIX

REF = "#/components/schemas/"
JSON = "application/json"
_MOVES = re.compile(r"/([a-z-]+)/\{\w+\}/moves$")
Document = dict[str, Any]


def refine(document: Document) -> None:
    """Give the shapes of a document what the framework cannot know of them."""
    schemas = document["components"]["schemas"]
    _with_optional_moves_in_pages(schemas)
    _with_states(document, schemas)
    _with_named_unions(document, schemas)
    _with_audiences(schemas)


def _operations(document: Document) -> Iterable[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for operation in item.values():
            yield path, operation


def _name(ref: dict[str, Any]) -> str:
    return str(ref["$ref"].removeprefix(REF))


def _camel(snake: str) -> str:
    return "".join(word.capitalize() for word in snake.split("_"))


# Moves


def _with_states(document: Document, schemas: dict[str, Any]) -> None:
    """The body of each move says to which states its thing is moved, and for which reasons."""
    lifecycles = {each.noun: each for each in every_lifecycle()}
    taken = set()
    for path, operation in _operations(document):
        found = _MOVES.search(path)
        if found is None or "requestBody" not in operation:
            continue
        media = operation["requestBody"]["content"][JSON]
        general = _name(media["schema"])
        noun = operation["operationId"].removeprefix("move_")
        name = f"{_camel(noun)}Move"
        schemas[name] = _move(schemas[general], name, lifecycles[found[1].replace("-", "_")])
        media["schema"] = {"$ref": REF + name}
        if general != name:
            taken.add(general)
    for general in taken:
        del schemas[general]


def _move(general: dict[str, Any], name: str, lifecycle: Lifecycle) -> dict[str, Any]:
    offered = [(to, move) for _, to, move in moves_of(lifecycle) if move.offered]
    to = list(dict.fromkeys(state for state, _ in offered))
    reasons: dict[str, dict[str, None]] = {}
    for state, move in offered:
        reasons.setdefault(state, {}).update(dict.fromkeys(move.reasons))
    told = "; ".join(
        f"`{state}`: {', '.join(f'`{each}`' for each in some)}"
        for state, some in reasons.items()
        if some
    )
    fields = dict(general["properties"])
    fields["to"] = {**fields["to"], "enum": to, "examples": to[:1]}
    del fields["to"]["maxLength"]
    first = next(iter(reasons[to[0]]), None)
    fields["reason"] = {
        **fields["reason"],
        "description": f"Its code, where the move takes one. {told}." if told else "Its code.",
        **({"examples": [first]} if first else {}),
    }
    return {**general, "title": name, "properties": fields}


def _with_optional_moves_in_pages(schemas: dict[str, Any]) -> None:
    """Lists leave `moves` out, also of shapes that have them alone."""
    for name in list(schemas):
        if name.startswith("Page_"):
            for item in _members(schemas[name]["properties"]["items"]["items"]):
                shape = schemas[_name(item)]
                if "moves" in shape["properties"]:
                    shape["required"] = [each for each in shape["required"] if each != "moves"]
                    shape["properties"]["moves"]["description"] = "Absent in lists."


# Unions and pages


def _members(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return list(schema["anyOf"]) if "anyOf" in schema else [schema]


def _is_union(schema: dict[str, Any]) -> bool:
    return "anyOf" in schema and all("$ref" in each for each in schema["anyOf"])


def _with_named_unions(document: Document, schemas: dict[str, Any]) -> None:
    """`ConcernRead | ConcernReceipt | ...` becomes `AnyConcern`, a page `AnyConcernPage`."""
    answers = [
        media
        for _, operation in _operations(document)
        for status, response in operation["responses"].items()
        if status.startswith("2")
        for media in [response.get("content", {}).get(JSON, {})]
        if media
    ]
    pages = {name: shape for name, shape in schemas.items() if name.startswith("Page_")}
    items = {name: shape["properties"]["items"] for name, shape in pages.items()}
    unions = [each["schema"] for each in answers if _is_union(each["schema"])]
    unions += [each["items"] for each in items.values() if _is_union(each["items"])]
    names = _names_of({tuple(_name(each) for each in union["anyOf"]) for union in unions})

    def named(schema: dict[str, Any]) -> dict[str, Any]:
        if not _is_union(schema):
            return schema
        name = names[tuple(_name(each) for each in schema["anyOf"])]
        schemas.setdefault(
            name,
            {
                "title": name,
                "description": "One of these; see `x-answered-to` of each.",
                "anyOf": schema["anyOf"],
            },
        )
        return {"$ref": REF + name}

    renamed = {}
    for name, shape in pages.items():
        items[name]["items"] = named(items[name]["items"])
        renamed[name] = f"{_name(items[name]['items'])}Page"
        shape["title"] = renamed[name]
        shape.setdefault("description", "A page: its items, and the cursor of the next one.")
        del schemas[name]
        assert renamed[name] not in schemas, renamed[name]
        schemas[renamed[name]] = shape
    for media in answers:
        if "$ref" in media["schema"] and _name(media["schema"]) in renamed:
            media["schema"] = {"$ref": REF + renamed[_name(media["schema"])]}
        media["schema"] = named(media["schema"])
    document["components"]["schemas"] = dict(sorted(schemas.items()))


def _names_of(unions: set[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """A name for each: after its first shape where no other begins with it, or is as wide."""
    names = {}
    for union in unions:
        rivals = [other for other in unions if other[0] == union[0] and other != union]
        if all(len(other) < len(union) for other in rivals):
            names[union] = "Any" + union[0].removesuffix("Read")
        else:
            begin = _shared_words(union)
            rest = [each.removeprefix(begin) for each in union[1:]]
            names[union] = "Or".join((union[0], *rest))
    return names


def _shared_words(names: tuple[str, ...]) -> str:
    """The whole words with which all of the names begin."""
    words = [re.findall(r"[A-Z][a-z0-9]*", name) for name in names]
    alike = takewhile(lambda each: len(set(each)) == 1, zip(*words, strict=False))
    return "".join(each[0] for each in alike)


def _with_audiences(schemas: dict[str, Any]) -> None:
    """`x-answered-to` on each shape that not everybody gets: the roles, as `/v1/me` tells them."""
    audiences: dict[str, set[Role]] = {}
    for shapes in MATRIX.values():
        for role in Role:
            shape = shapes.get(role) or shapes.get(role.family)
            if shape is not None:
                audiences.setdefault(shape.__name__, set()).add(role)
    for name, roles in audiences.items():
        if name in schemas:
            told = [role.value for role in Role if role in roles and role is not Role.system]
            schemas[name]["x-answered-to"] = told
