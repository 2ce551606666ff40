"""The visibility matrix: its shapes against the domain's table, its answers against its shapes."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from app.errors import NotAllowed
from app.grants import GRANTS
from app.models.mentees import MenteeForGovernor, MenteeForMentor
from app.models.people import PersonRead
from app.models.staff import Role
from app.openapi import api_routes, permission_of
from app.visibility import MATRIX, shape
from tests.golden import check
from tests.golden.visibility import (
    COLUMNS,
    faults,
    fields_of,
    got,
    groups_of,
    held,
    known,
    parts,
    rule_of,
    table,
)

APP = Path(__file__).parents[2] / "app"
SHAPES = {shape for audiences in MATRIX.values() for shape in audiences.values()}


def test_the_golden_matrix_is_what_the_code_says() -> None:
    check("visibility.txt")


def test_the_written_matrix_is_what_the_code_says() -> None:
    check("visibility.md")


def test_every_role_gets_what_the_table_says_and_every_field_has_one_place_in_it() -> None:
    assert faults() == []


def test_the_rows_of_the_domains_table_stand_in_its_order() -> None:
    names = [group.name for group in table().group if group.domain]
    assert names[:3] == [
        "mentee display name",
        "prisoner number, date of birth",
        "cell location",
    ]
    assert len(names) == 25
    assert len(names) == len(set(names))


def test_no_pattern_of_the_table_is_about_nothing() -> None:
    """A field renamed, or a resource gone, leaves a line that would guard nothing."""
    every = known()
    for group in table().group:
        of_group = {name for name in every if group.name in groups_of(name)}
        for pattern in group.patterns():
            assert group.model_copy(
                update={"fields": [pattern], "only": {}, "also": {}, "cells": {"all": "R"}}
            ).expected("all", of_group), f"{group.name}: {pattern}"


def test_no_resource_of_the_table_is_gone() -> None:
    gone = [name for name in table().resource if not any(each.startswith(name) for each in MATRIX)]
    assert gone == []


@pytest.mark.parametrize(
    ("resource", "role", "planted", "said"),
    [
        ("people", Role.mentor, PersonRead, "mentor gets people.cell_location"),
        ("mentees", Role.governor, MenteeForMentor, "governor gets mentees.agreed_line"),
        ("mentees", Role.mentor, PersonRead, "mentees.number belongs to no group"),
    ],
)
def test_a_shape_that_gives_too_much_is_found(
    resource: str, role: Role, planted: Any, said: str
) -> None:
    changed = {**MATRIX, resource: {**MATRIX[resource], role: planted}}
    assert said in "\n".join(faults(changed))


def test_a_shape_that_withholds_is_found() -> None:
    few = {**MATRIX["mentees"], Role.support_worker: MenteeForGovernor}
    found = "\n".join(faults({**MATRIX, "mentees": few}))
    assert "support_worker does not get mentees.referral_reason" in found


def test_roles_within_a_family_get_no_more_than_it_does() -> None:
    assert got(Role.nurse) == got(Role.clinician)
    assert got(Role.wing_duty) <= got(Role.support_worker)
    assert got(Role.applicant) < got(Role.mentor)
    assert got(Role.suspended_mentor) < got(Role.applicant)
    own = {"concerns", "streams", "inbox"}  # receipts, and being told that they have changed
    assert {name.partition(".")[0] for name in got(Role.suspended_mentor)} == own


def test_a_role_without_a_shape_is_not_answered() -> None:
    with pytest.raises(NotAllowed):
        shape("clinical_notes", Role.governor)
    assert shape("mentees", Role.nurse) is shape("mentees", Role.clinician)


def test_fields_out_of_reach_are_absent_from_the_class() -> None:
    """Not dropped from an answer: a role that gets less is answered in another class."""
    for resource, audiences in MATRIX.items():
        fields = {shape: frozenset(fields_of(shape, resource)) for shape in audiences.values()}
        assert len(set(fields.values())) == len(fields), f"{resource}: two shapes of one content"
    for path in [*(APP / "routers").rglob("*.py"), APP / "replies.py", APP / "paging.py"]:
        for call in _calls(path):
            written = ast.unparse(call.func).endswith("model_dump_json")
            named = {keyword.arg or "" for keyword in call.keywords}
            dropped = [name for name in named if name.startswith("response_model_") or written]
            assert not dropped, f"{path.name}:{call.lineno}"


def test_nobody_else_chooses_the_shape_of_an_answer() -> None:
    """Where roles are answered differently, routers and services ask the matrix for the shape."""
    chosen = [audiences for audiences in MATRIX.values() if len(set(audiences.values())) > 1]
    names = {shape.__name__ for audiences in chosen for shape in audiences.values()}
    for folder in ("routers", "services"):
        for path in sorted((APP / folder).rglob("*.py")):
            for call in _calls(path):
                of = call.func
                if isinstance(of, ast.Attribute) and of.attr == "model_validate":
                    named = isinstance(of.value, ast.Name) and of.value.id in names
                    assert not named, f"{path.name}:{call.lineno} names {ast.unparse(of)}"


def _calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield node


def _answers(model: Any) -> Iterator[type[BaseModel]]:
    """The shapes of an answer: a page is its items."""
    for each in parts(model):
        if "items" in each.model_fields and each.__name__.startswith("Page"):
            yield from parts(each.model_fields["items"].annotation)
        else:
            yield each


def test_every_get_answers_in_shapes_of_the_matrix(app: FastAPI) -> None:
    """Under the permission that the table names, so that it cannot say less than the route."""
    seen = 0
    for route in api_routes(app):
        if "GET" not in (route.methods or ()) or not route.include_in_schema:
            continue
        permission = permission_of(route.dependant)
        resources = [name for name in MATRIX if permission in rule_of(name).permission]
        readable = {each for name in resources for each in MATRIX[name].values()}
        for answer in _answers(getattr(route.original_route, "response_model", None)):
            seen += 1
            known_here = answer in readable or answer.__name__ in table().outside
            assert known_here, f"{route.name} answers {answer.__name__} for {permission}"
    assert seen > 80


def test_what_is_outside_the_matrix_is_not_in_it() -> None:
    assert not {shape.__name__ for shape in SHAPES} & table().outside.keys()


def test_permissions_alone_take_a_shape_away() -> None:
    """The matrix has a shape for a family; a role without the permission gets none of it."""
    assert Role.mentor in MATRIX["mentees"]
    assert held("mentees", Role.mentor)
    assert not held("mentees", Role.suspended_mentor)
    assert not held("mentees", Role.applicant)
    receipt = {"mentees.id", "mentees.status"}  # for asking for themselves, and nothing else
    assert held("mentees.receipt", Role.applicant) == receipt
    assert {name for name in got(Role.applicant) if name.startswith("mentees.")} == receipt
    assert not held("mentees.receipt", Role.suspended_mentor)
    assert set(COLUMNS) <= {role.value for role in GRANTS}
