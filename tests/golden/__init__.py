"""Golden files: what a review must see change. `python -m tests.golden` writes them anew."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql.base import PGDialect

from app import lifecycles
from app.access import the_system
from app.config import Settings
from app.grants import GRANTS, PUBLIC
from app.main import create_app
from app.models.staff import Role
from app.openapi import api_routes, permission_of, roles_with
from app.rights import Permission
from app.scope import NARROWINGS, narrowing
from tests.golden import visibility

HERE = Path(__file__).parent
ACTOR = dict.fromkeys(the_system("SLI").scope())
DIALECT = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]
DOCS = HERE.parents[1] / "docs"


def access() -> str:
    """Who may do what: role by permission, role by table, role by operation."""
    return "\n".join([*_permissions(), "", *_scopes(), "", *_operations(), ""])


def _permissions() -> Iterator[str]:
    roles = list(Role)
    yield "# Permissions: x where the role holds it"
    for number, role in enumerate(roles):
        yield f"{'  | ' * number}  {role.value}"
    for permission in Permission:
        marks = "".join("  x " if permission in GRANTS[role] else "  . " for role in roles)
        yield f"{marks} {permission.value}"


def _scopes() -> Iterator[str]:
    """The rows of each table that a role sees; roles that see the same stand together."""
    yield "# Scopes: the rows of the prison that a role may see"
    for model in sorted(NARROWINGS, key=lambda each: str(each.__tablename__)):
        seen: dict[str, list[str]] = {}
        for role in GRANTS:
            text = _plainly(narrowing(model, role))
            seen.setdefault(text, []).append(role.value)
        for text, roles in seen.items():
            yield f"{model.__tablename__}: {text}"
            yield f"    {', '.join(roles)}"


def _plainly(condition: ColumnElement[bool]) -> str:
    """The condition as SQL with its values in place; `:actor_...` stay open."""
    compiled = condition.compile(dialect=DIALECT)
    sql = str(compiled)
    for name, value in compiled.construct_params(ACTOR).items():
        words = [str(getattr(each, "value", each)) for each in _listed(value)]
        shown = f":{name}" if value is None else ", ".join(map(repr, words))
        sql = sql.replace(f"__[POSTCOMPILE_{name}]", shown)
        sql = re.sub(rf":{name}\b(::\w+)?", lambda _, text=shown: text, sql)  # type: ignore[misc]
    return {"true": "all", "false": "none"}.get(sql, " ".join(sql.split()))


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def _operations() -> Iterator[str]:
    yield "# Operations: the permission, and the roles that hold it"
    for route in api_routes(create_app(Settings(_env_file=None))):
        if not route.include_in_schema:
            continue
        for method in sorted(route.methods or ()):
            permission = permission_of(route.dependant)
            if permission is not None:
                who = f"{permission.value}: {', '.join(roles_with(permission))}"
            else:
                who = f"PUBLIC: {PUBLIC[route.name]}" if route.name in PUBLIC else "any token"
            yield f"{method} {route.path_format} ({route.name})"
            yield f"    {who}"


def openapi() -> str:
    document = create_app(Settings(_env_file=None)).openapi()
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


FILES: dict[Path, Callable[[], str]] = {
    HERE / "access.txt": access,
    HERE / "lifecycles.txt": lifecycles.as_text,
    HERE / "openapi.json": openapi,
    HERE / "visibility.txt": visibility.as_text,
    DOCS / "lifecycles.md": lifecycles.as_markdown,
    DOCS / "visibility.md": visibility.as_markdown,
}


def check(name: str) -> None:
    """Fail with what to do when a golden file is not what the code says today."""
    [path] = [path for path in FILES if path.name == name]
    there = path.read_text() if path.exists() else ""
    now = FILES[path]()
    known = set(there.splitlines())
    changed = [line for line in now.splitlines() if line not in known]
    assert now == there, (
        f"{name} is not what the code says; look at the change, then run"
        f" `.venv/bin/python -m tests.golden`. First new lines: {changed[:5]}"
    )
