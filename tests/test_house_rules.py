"""The house rules that the source itself must keep. CONTRIBUTING.md lists them all."""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from statistics import median

import pytest
from sqlalchemy.orm import RelationshipProperty
from sqlmodel import SQLModel

import app.models
from app.models.base import Scoped

ROOT = Path(__file__).parents[1]
APP = ROOT / "app"
LONGEST_FILE, LONGEST_ROUTER, LONGEST_SERVICE = 400, 20, 50

# Routers whose noun is not a table, each with its reason.
NO_NOUN = {
    "me": "the caller's token and rows of staff, read by `app/access.py`",
    "reference": "data that ships with the code",
    "health": "asks whether the service answers; decides nothing",
    "development": "does not exist in production",
}
# `.status` that is not the state of a thing.
NOT_A_STATE = {
    ("app/problems.py", "refused.status"): "the HTTP status of a refusal",
    ("app/replies.py", "self._kept.status"): "the HTTP status of a kept answer",
    ("app/services/concerns/batch.py", "row.status"): "the HTTP status of a kept answer",
}
# Selects of scoped rows outside `app/scope.py`, each with its reason.
MAY_SELECT = {
    (
        "app/services/idempotency.py",
        "claim",
    ): "an idempotency key belongs to its caller, not to an audience",
    ("app/services/webhooks/__init__.py", "_deliveries"): "inserts, with the webhook's prison",
}


@dataclass(frozen=True)
class Source:
    """One file of the app, read once."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def at(self, node: ast.AST) -> str:
        return f"{self.name}:{getattr(node, 'lineno', 0)}"


@cache
def sources(folder: str = "") -> tuple[Source, ...]:
    found = sorted((APP / folder).rglob("*.py"))
    assert found, f"no source in {folder}"
    texts = [(path, path.read_text()) for path in found]
    return tuple(Source(path, text, ast.parse(text)) for path, text in texts)


def nouns() -> set[str]:
    found = {path.stem for path in (APP / "routers").iterdir()} - {"__init__", "__pycache__"}
    assert len(found) > len(NO_NOUN)
    return found - set(NO_NOUN)


# One noun in every drawer


def test_a_router_has_its_models_services_and_tests_under_the_same_name() -> None:
    missing = [
        f"{drawer}/{noun}"
        for noun in sorted(nouns())
        for drawer in ("app/models", "app/services")
        if not (ROOT / drawer / f"{noun}.py").exists()
        and not (ROOT / drawer / noun / "__init__.py").exists()
    ]
    missing += [f"tests/{noun}" for noun in nouns() if not list((ROOT / "tests" / noun).glob("*"))]
    assert not missing


def test_every_router_is_served_under_its_noun() -> None:
    from app.routers import NOUNS

    assert nouns() | set(NO_NOUN) == {*NOUNS, "development"}


# A lifecycle has one door


def state_changes(source: Source) -> Iterator[ast.AST]:
    """Whatever sets a `.status` without the lifecycle."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.For | ast.NamedExpr):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                for part in ast.walk(target):
                    if isinstance(part, ast.Attribute) and part.attr == "status":
                        yield part
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func).rsplit(".", 1)[-1]
            words = [ast.unparse(each) for each in node.args]
            named = {each.arg for each in node.keywords}
            if called == "setattr" and "'status'" in words:
                yield node
            if called == "values" and "status" in named:
                yield node
            if called in {"values", "sqlmodel_update", "model_copy"} and "'status':" in ast.unparse(
                node
            ):
                yield node
        elif isinstance(node, ast.Constant) and re.search(
            r"\bSET\b[^;]*\bstatus\s*=", str(node.value)
        ):
            yield node


def test_only_the_lifecycle_sets_a_state() -> None:
    found = [
        f"{source.at(node)} {ast.unparse(node)}"
        for source in sources()
        if source.name != "app/services/lifecycle.py"
        for node in state_changes(source)
        if (source.name, ast.unparse(node)) not in NOT_A_STATE
    ]
    assert not found


@pytest.mark.parametrize(
    "line",
    [
        "mentor.status = S.active",
        "mentor.status: S = S.active",
        "one, mentor.status = 1, S.active",
        "setattr(mentor, 'status', S.active)",
        "update(Mentor).values(status=S.active)",
        "update(Mentor).values({'status': S.active})",
        "mentor.sqlmodel_update({'status': S.active})",
        "text('UPDATE mentor SET status = :to')",
    ],
)
def test_a_state_set_past_the_lifecycle_is_found(line: str) -> None:
    assert list(state_changes(Source(APP / "some.py", line, ast.parse(line))))


def test_the_lifecycle_itself_has_one_line_that_sets_a_state() -> None:
    [door] = [each for each in sources("services") if each.name == "app/services/lifecycle.py"]
    assert [ast.unparse(node) for node in state_changes(door)] == ["context.thing.status"]


# Scope lives in the query


def scoped_models() -> dict[str, type[SQLModel]]:
    for found in walk_packages(app.models.__path__, "app.models."):
        import_module(found.name)
    found_models: dict[str, type[SQLModel]] = {}
    waiting = list(Scoped.__subclasses__())
    while waiting:
        model = waiting.pop()
        waiting.extend(model.__subclasses__())
        if hasattr(model, "__table__"):
            found_models[model.__name__] = model
    return found_models


def _statements(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Every simple statement with the name of the function it stands in."""

    def inside(body: ast.AST, function: str) -> Iterator[tuple[str, ast.stmt]]:
        for node in ast.iter_child_nodes(body):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from inside(node, node.name)
            elif isinstance(node, ast.stmt) and not hasattr(node, "body"):
                yield function, node
            else:
                yield from inside(node, function)

    return inside(tree, "")


SCOPE = {
    "app/scope.py",
    "app/clinical_scope.py",
    "app/concern_scope.py",
    "app/programme_scope.py",
    "app/support_scope.py",
    "app/ties.py",
}
SELECTS = {"select", "exists", "update", "delete", "insert", "query", "select_from", "outerjoin"}


def unscoped(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Statements that reach rows of a scoped model past `scope.py`.

    A whole row is never selected, gotten or aliased; a statement of columns names the model's
    `prison_id`, or correlates with an enclosing one that does; SQL that names a table does too.
    """
    models = scoped_models()
    tables = "|".join(str(model.__tablename__) for model in models.values())
    raw = re.compile(rf"\b(FROM|JOIN|UPDATE|INTO)\s+({tables})\b")
    aliases = {
        each.asname: each.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for each in node.names
        if each.name in models and each.asname
    }

    def named(node: ast.AST) -> str | None:
        name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", None)
        name = aliases.get(str(name), str(name))
        return name if name in models else None

    for function, statement in _statements(tree):
        calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
        names = {call: ast.unparse(call.func).rsplit(".", 1)[-1] for call in calls}
        whole = any(
            names[call] in {"select", "get", "get_one", "query", "aliased"}
            and any(named(each) for each in call.args)
            for call in calls
        )
        selecting = any(name in SELECTS for name in names.values())
        reached = {name for node in ast.walk(statement) if (name := named(node))}
        kept = {
            named(node.value)
            for node in ast.walk(statement)
            if isinstance(node, ast.Attribute) and node.attr == "prison_id"
        }
        kept |= {named(each) for call in calls if names[call] == "correlate" for each in call.args}
        words = [
            node.value
            for node in ast.walk(statement)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        loose = any(raw.search(text) and "prison_id" not in text for text in words)
        if whole or loose or (selecting and reached - kept):
            yield function, statement


def test_no_row_is_selected_past_the_scope() -> None:
    found = [
        f"{source.at(statement)} {function}: {ast.unparse(statement)[:120]}"
        for source in sources()
        if source.name not in SCOPE
        for function, statement in unscoped(source.tree)
        if (source.name, function) not in MAY_SELECT
    ]
    assert not found


@pytest.mark.parametrize(
    "line",
    [
        "select(Mentor)",
        "select(mentors.Mentor).where(Mentor.prison_id == prison_id)",
        "db.get(Mentor, (prison_id, mentor_id))",
        "select(col(Mentor.id)).where(col(Mentor.id) == mentor_id)",
        "select(func.count()).select_from(Mentor)",
        "exists().where(col(Pairing.mentor_id) == mentor.id)",
        "update(Mentor).values(motivation=None)",
        "M = aliased(Mentor)",
        "text('SELECT count(*) FROM mentor')",
        "def f():\n from app.models.mentors import Mentor as M\n return select(M)",
    ],
)
def test_an_unscoped_select_is_found(line: str) -> None:
    assert list(unscoped(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        "everything(Mentor, prison_id).where(col(Mentor.id) == mentor_id)",
        "select(col(Mentor.id)).where(col(Mentor.prison_id) == prison_id)",
        "text('SELECT id FROM mentor WHERE prison_id = :prison_id')",
    ],
)
def test_a_scoped_select_is_let_be(line: str) -> None:
    assert not list(unscoped(ast.parse(line)))


# The size budget


def test_a_file_is_at_most_400_lines(capsys: pytest.CaptureFixture[str]) -> None:
    lengths = {source.name: len(source.text.splitlines()) for source in sources()}
    with capsys.disabled():
        middle = median(lengths.values())
        sys.stdout.write(f"{len(lengths)} files, median {middle:.0f} lines ")
    assert not {name: length for name, length in lengths.items() if length > LONGEST_FILE}


def _body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, without signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def _too_long(folder: str, longest: int) -> dict[str, int]:
    return {
        f"{source.at(function)} {function.name}": length
        for source in sources(folder)
        for function in source.functions()
        if (length := _body_length(function)) > longest
    }


def test_a_router_function_is_at_most_20_lines() -> None:
    assert not _too_long("routers", LONGEST_ROUTER)


def test_a_service_function_is_at_most_50_lines() -> None:
    assert not _too_long("services", LONGEST_SERVICE)


# Who may know what


def _imports(source: Source) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found |= {each.name.split(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def _called(source: Source) -> dict[str, str]:
    return {
        ast.unparse(node.func): source.at(node)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
    }


def test_services_never_see_http() -> None:
    web = {"fastapi", "starlette", "uvicorn"}
    assert not {source.name for source in sources("services") if _imports(source) & web}


def test_services_flush_and_never_commit() -> None:
    ends = {"commit", "rollback"}
    assert not [
        where
        for source in sources("services")
        for call, where in _called(source).items()
        if call.rsplit(".", 1)[-1] in ends
    ]


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    asks = re.compile(r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.time|func\.now)$")
    asked = {
        source.name: where
        for source in sources()
        for call, where in _called(source).items()
        if asks.search(call)
    }
    assert set(asked) == {"app/clock.py"}
    sql = re.compile(r"\b(now\(\)|current_timestamp|current_date)", re.IGNORECASE)
    assert not [
        source.at(node)
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "`" not in node.value
        if sql.search(node.value)
    ]


def test_only_tokens_know_the_token_library() -> None:
    knowing = {source.name for source in sources() if "jose" in _imports(source)}
    assert knowing == {"app/tokens/verify.py", "app/tokens/issuer.py"}


def test_nothing_is_left_to_background_tasks() -> None:
    assert not [
        source.name for source in sources() if re.search(r"\bBackgroundTasks?\b", source.text)
    ]


def test_models_evaluate_their_annotations() -> None:
    assert not [source.name for source in sources("models") if "__future__" in _imports(source)]


def test_relationships_raise_unless_loaded() -> None:
    lazy = [
        f"{model.__name__}.{name}: {relation.lazy}"
        for model in scoped_models().values()
        for name, relation in inspect.getmembers(
            model, lambda each: isinstance(getattr(each, "property", None), RelationshipProperty)
        )
        if relation.property.lazy != "raise"
    ]
    assert not lazy


def test_every_endpoint_says_what_it_does() -> None:
    assert not [
        f"{source.at(function)} {function.name}"
        for source in sources("routers")
        for function in source.functions()
        if "router." in "".join(map(ast.unparse, function.decorator_list))
        and ast.get_docstring(function) is None
    ]


def test_every_module_says_what_it_is() -> None:
    assert not [
        source.name for source in sources() if source.text and not ast.get_docstring(source.tree)
    ]


def test_nothing_is_left_to_do_later() -> None:
    later = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert not [source.name for source in sources() if later.search(source.text)]
