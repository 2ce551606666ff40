"""Every lifecycle drawn from its own table of moves: as text, and as Mermaid for the docs."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

from app import services
from app.models.staff import Role
from app.services.lifecycle import Lifecycle, Move

HEADING = """# Lifecycles

Generated from the tables of moves in `app/services` by `python -m tests.golden`; do not edit.
Every move is made through `app/services/lifecycle.py`: it locks the row, runs the guards, sets the
state, and writes the history and the event in one transaction. A move shown as made by *the
service* is the consequence of another act and is not offered as a choice.
"""


def every_lifecycle() -> list[Lifecycle]:
    """All lifecycles of the service, by name of their noun."""
    found: dict[str, Lifecycle] = {}
    for module in walk_packages(services.__path__, f"{services.__name__}."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, Lifecycle):
                found[value.noun] = value
    return [found[noun] for noun in sorted(found)]


def moves_of(lifecycle: Lifecycle) -> Iterator[tuple[str, str, Move]]:
    """The moves in the order of the states."""
    order = {state: number for number, state in enumerate(lifecycle.states)}
    in_order = sorted(lifecycle.moves.items(), key=lambda item: [order[state] for state in item[0]])
    for (start, to), move in in_order:
        yield start.value, to.value, move


def _names(functions: tuple[Any, ...]) -> str:
    return ", ".join(function.__name__.lstrip("_") for function in functions)


def by_whom(move: Move) -> str:
    if not move.offered:
        return "the service"
    if move.by >= set(Role) - {Role.system, Role.machine}:
        return "anyone"
    return ", ".join(role.value for role in Role if role in move.by)


def as_text() -> str:
    """Each lifecycle as lines, for a file whose changes are reviewed."""
    lines: list[str] = []
    for lifecycle in every_lifecycle():
        lines += [f"{lifecycle.noun} (events: {lifecycle.topic or 'none'})"]
        for start, to, move in moves_of(lifecycle):
            lines += [f"  {start} -> {to}", f"    by: {by_whom(move)}"]
            for label, names in (
                ("guards", _names(move.guards)),
                ("reasons", ", ".join(move.reasons)),
                ("effects", _names(move.effects)),
            ):
                lines += [f"    {label}: {names}"] if names else []
        lines += [""]
    return "\n".join(lines)


def as_markdown() -> str:
    """Each lifecycle as a diagram and a table, for `docs/lifecycles.md`."""
    parts = [HEADING]
    for lifecycle in every_lifecycle():
        parts += [f"## {lifecycle.noun.capitalize()}\n", _diagram(lifecycle), _table(lifecycle)]
    return "\n".join(parts)


def _diagram(lifecycle: Lifecycle) -> str:
    arrows = [f"    {start} --> {to}" for start, to, _ in moves_of(lifecycle)]
    arrived = {to for _, to, _ in moves_of(lifecycle)}
    left = {start for start, _, _ in moves_of(lifecycle)}
    states = [state.value for state in lifecycle.states]
    begins = [f"    [*] --> {each}" for each in states if each == states[0] or each not in arrived]
    ends = [f"    {state} --> [*]" for state in states if state not in left]
    return "\n".join(["```mermaid", "stateDiagram-v2", *begins, *arrows, *ends, "```\n"])


def _table(lifecycle: Lifecycle) -> str:
    rows = ["| from | to | by | guards | reasons |", "|---|---|---|---|---|"]
    for start, to, move in moves_of(lifecycle):
        guards, reasons = _names(move.guards), ", ".join(move.reasons)
        rows.append(f"| {start} | {to} | {by_whom(move)} | {guards} | {reasons} |")
    return "\n".join(rows) + "\n"
