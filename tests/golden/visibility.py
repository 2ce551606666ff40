"""The visibility matrix as text: role by field, and by the data groups of the domain.

The groups stand in `app/reference/visibility.toml`; what each role really gets is read off the
shapes in `app/visibility.py` and the permissions in `app/grants.py`.
"""

import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from sqlmodel import Field

from app.grants import GRANTS
from app.models.base import Input
from app.models.staff import Role
from app.rights import Permission
from app.visibility import MATRIX, Audiences

FILE = Path(__file__).parents[2] / "app" / "reference" / "visibility.toml"
ROLES = [role for role in Role if role is not Role.system]
COLUMNS = ("support_worker", "wing_duty", "mentor", "clinician", "governor", "machine")
VARIANTS = (".row", ".recorded", ".receipt")
NOTHING = ("-", "not held")


class Resource(Input):
    """With which permission a resource is read, and which of its rows each role sees."""

    permission: list[Permission]
    scope: dict[str, str] = {}


class Group(Input):
    """One row of the table: its fields, what the table says for each audience, and why.

    `only` are the fields of an audience that gets some, `also` those that it alone gets.
    """

    name: str
    domain: bool = Field(default=True, description="False: not a row of the domain's table.")
    why: str = ""
    cells: dict[str, str]
    fields: list[str] = []
    only: dict[str, list[str]] = {}
    also: dict[str, list[str]] = {}
    note: str = ""

    def cell(self, audience: str) -> str:
        return self.cells.get(audience, "-")

    def patterns(self) -> list[str]:
        """Everything that is named of the group."""
        some = [each for part in (self.only, self.also) for each in part.values()]
        return [*self.fields, *[pattern for patterns in some for pattern in patterns]]

    def expected(self, audience: str, known: set[str]) -> set[str]:
        """The fields that the table gives an audience, of all that there are."""
        if self.cell(audience).startswith(NOTHING):
            return set()
        patterns = [*self.only.get(audience, self.fields), *self.also.get(audience, [])]
        apart = {name for each in self.also.values() for name in each} - {*self.fields, *patterns}
        return {name for name in known - apart if _any(patterns, name)}


class Table(Input):
    """The whole of the file."""

    plain: dict[str, str] = Field(description="Names of fields that tell of nobody, and why.")
    outside: dict[str, str] = Field(description="Answers outside the matrix, and why.")
    resource: dict[str, Resource]
    group: list[Group]


@lru_cache
def table() -> Table:
    return Table.model_validate(tomllib.loads(FILE.read_text("utf-8")))


def _any(patterns: list[str], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def parts(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models inside an annotation, lists and unions opened."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in {list, dict, tuple, Union, UnionType}:
        for inner in get_args(annotation):
            yield from parts(inner)


@cache
def fields_of(shape: type[BaseModel], prefix: str) -> tuple[str, ...]:
    """Every field of a shape by its path, those of the shapes inside it too."""
    found: list[str] = []
    for name, field in shape.model_fields.items():
        inner = [*parts(field.annotation)] if name != "moves" else []
        for each in inner:
            found += fields_of(each, f"{prefix}.{name}")
        if not inner:
            found.append(f"{prefix}.{name}")
    return tuple(found)


def noun_of(resource: str) -> str:
    """The resource without the variants of its answer: a row of a list is the same thing, and
    so is a receipt for it."""
    for variant in VARIANTS:
        resource = resource.removesuffix(variant)
    return resource


def rule_of(resource: str) -> Resource:
    """How a resource is read: as it says itself, or as the thing it is a part of."""
    rules = table().resource
    return rules[resource] if resource in rules else rule_of(resource.rpartition(".")[0])


def held(resource: str, role: Role, matrix: Mapping[str, Audiences] = MATRIX) -> set[str]:
    """The fields of a resource that a role gets: none without the permission to read it."""
    if not any(permission in GRANTS[role] for permission in rule_of(resource).permission):
        return set()
    shape = matrix[resource].get(role) or matrix[resource].get(role.family)
    return set(fields_of(shape, noun_of(resource))) if shape else set()


def got(role: Role, matrix: Mapping[str, Audiences] = MATRIX) -> set[str]:
    """Every field that a role gets of anything."""
    return {name for resource in matrix for name in held(resource, role, matrix)}


def known(matrix: Mapping[str, Audiences] = MATRIX) -> set[str]:
    """Every field of every shape of the matrix."""
    return {
        name
        for resource, audiences in matrix.items()
        for shape in audiences.values()
        for name in fields_of(shape, noun_of(resource))
    }


@lru_cache(maxsize=4096)
def groups_of(name: str) -> tuple[str, ...]:
    """The groups a field belongs to: those that name it, else those with a pattern for it; a plain
    one belongs to none."""
    named = tuple(group.name for group in table().group if name in group.patterns())
    if named or name.rsplit(".", 1)[-1] in table().plain:
        return named
    return tuple(group.name for group in table().group if _any(group.patterns(), name))


def faults(matrix: Mapping[str, Audiences] = MATRIX) -> list[str]:
    """What the matrix gives, or withholds, against the table: a sentence each."""
    every, said = known(matrix), []
    for name in sorted(every):
        plain = name.rsplit(".", 1)[-1] in table().plain
        groups = groups_of(name)
        if len(groups) > 1 or (not groups and not plain):
            said.append(f"{name} belongs to {' and '.join(groups) or 'no group'}")
    for role in [Role(column) for column in COLUMNS]:
        mine = got(role, matrix)
        for group in table().group:
            of_group = {name for name in every if group.name in groups_of(name)}
            expected = group.expected(role.value, of_group)
            for name in sorted((mine & of_group) ^ expected):
                verb = "gets" if name in mine else "does not get"
                said.append(f"{role} {verb} {name} ({group.name}: {group.cell(role)})")
    return said


def as_text() -> str:
    """Role by resource by field."""
    lines = ["# Fields: x where the role gets it, in a list or alone"]
    for number, role in enumerate(ROLES):
        lines.append(f"{'  | ' * number}  {role.value}")
    everything = {role: got(role) for role in ROLES}
    for name in sorted(known()):
        marks = "".join("  x " if name in everything[role] else "  . " for role in ROLES)
        lines.append(f"{marks} {name}")
    lines += ["", "# Shapes: the one in which each role is answered each resource"]
    for resource in sorted(MATRIX):
        lines.append(resource)
        shapes: dict[str, list[str]] = {}
        for role in ROLES:
            shape = MATRIX[resource].get(role) or MATRIX[resource].get(role.family)
            if shape is not None and held(resource, role):
                shapes.setdefault(shape.__name__, []).append(role.value)
        lines += [f"    {name}: {', '.join(roles)}" for name, roles in shapes.items()]
    return "\n".join([*lines, ""])


def as_markdown() -> str:
    """By data group, for people."""
    lines = [
        "# Who may see what",
        "",
        "Written by `.venv/bin/python -m tests.golden` from `app/visibility.py`, `app/grants.py`",
        "and `app/reference/visibility.toml`; a test fails when it is not what the code says.",
        "",
        "A field out of reach is absent from the answer, never null; what may not be seen is 404.",
        "A nurse sees what a clinician sees; an applicant their own application; a suspended",
        "mentor the receipts of concerns they raised, and nothing else. Which rows of a resource",
        "an audience sees stands at the end.",
        "",
        "| data | " + " | ".join(column.replace("_", " ") for column in COLUMNS) + " | why |",
        "|---" * (len(COLUMNS) + 2) + "|",
    ]
    for group in table().group:
        cells = " | ".join(_cell(group, column) for column in COLUMNS)
        lines.append(f"| {group.name} | {cells} | {group.why} |")
    for group in table().group:
        lines += ["", f"## {group.name[0].upper()}{group.name[1:]}", "", *_about(group)]
    lines += ["", "## Which rows", "", *_rows()]
    return "\n".join([*lines, ""])


def _of(group: Group) -> set[str]:
    return {name for name in known() if group.name in groups_of(name)}


def _cell(group: Group, column: str) -> str:
    """What the table says, and how much of the group's fields that is in this version."""
    mine, cell = got(Role(column)) & _of(group), group.cell(column)
    if cell.startswith(NOTHING):
        return cell
    if not _of(group):
        return f"{cell} (nothing held yet)"
    if not mine:
        return f"{cell} (none)"
    return f"{cell} ({'all' if mine == _of(group) else 'some'})"


def _about(group: Group) -> Iterator[str]:
    if not group.domain:
        yield "Not a row of the domain's table."
        yield ""
    if group.note:
        yield group.note
        yield ""
    every = _of(group)
    if not every:
        yield "Nothing of it is held in this version."
        return
    by_fields: dict[tuple[str, ...], list[str]] = {}
    for column in COLUMNS:
        mine = tuple(sorted(got(Role(column)) & every))
        by_fields.setdefault(mine, []).append(column.replace("_", " "))
    for names, audiences in by_fields.items():
        shown = ", ".join(f"`{name}`" for name in names) or "nothing"
        yield f"- {', '.join(audiences)}: {shown}"


def _rows() -> Iterator[str]:
    for name, resource in sorted(table().resource.items()):
        if resource.scope:
            said = "; ".join(
                f"{audience.replace('_', ' ')}: {text}" for audience, text in resource.scope.items()
            )
            yield f"- `{name}`: {said}"
