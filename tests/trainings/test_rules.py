"""The rules of training, without a database."""

import pytest
from pydantic import ValidationError

from app.models.staff import Role
from app.models.trainings import Module, TrainingStatus
from app.services.trainings import TRAINING, Curriculum, Version, curriculum, title_of

S = TrainingStatus
CLINICIANS = {Role.clinician, Role.nurse, Role.mental_health_lead}
LIFE = {
    ("not_started", "attended"): CLINICIANS,
    ("attended", "assessed"): CLINICIANS,
    ("attended", "not_started"): CLINICIANS,
    ("assessed", "competent"): {Role.nurse},
    ("assessed", "refer"): {Role.nurse},
    ("competent", "expired"): set(),
    ("not_started", "competent"): set(),
    ("refer", "attended"): CLINICIANS,
    ("expired", "attended"): CLINICIANS,
}


def test_the_table_of_moves_is_the_domains() -> None:
    assert {(a.value, b.value) for a, b in TRAINING.moves} == set(LIFE)


@pytest.mark.parametrize("pair", list(LIFE))
def test_each_move_belongs_to_its_roles_and_the_system(pair: tuple[str, str]) -> None:
    move = TRAINING.moves[S(pair[0]), S(pair[1])]
    assert {role for role in Role if move.belongs_to(role)} == LIFE[pair] | {Role.system}


def test_the_curriculum_has_the_five_modules_of_the_case_for_twelve_months() -> None:
    current = curriculum().versions[curriculum().current]
    assert current.validity_months == 12
    assert list(current.titles.values()) == [
        "Supporting prisoners with mental health concerns",
        "Managing concerns",
        "How to speak with people",
        "What to do about worrying issues",
        "How to facilitate a group",
    ]


@pytest.mark.parametrize("module", list(Module))
def test_every_module_has_a_title_in_the_version_it_is_pinned_to(module: Module) -> None:
    assert title_of("2026-1", module).lower().replace(" ", "_") == module.value


def test_a_curriculum_without_its_current_version_is_refused() -> None:
    with pytest.raises(ValidationError, match="current: must be one of the versions"):
        Curriculum(schema_version=1, current="2027-1", versions=curriculum().versions)


@pytest.mark.parametrize("module", list(Module))
def test_a_version_without_one_of_the_modules_is_refused(module: Module) -> None:
    titles = {each: title for each in Module if (title := each.value) and each is not module}
    with pytest.raises(ValidationError, match=module.value):
        Version(validity_months=12, titles=titles)


@pytest.mark.parametrize("months", [0, -1, 61])
def test_a_validity_that_is_no_validity_is_refused(months: int) -> None:
    titles = {module: "x" for module in Module}
    with pytest.raises(ValidationError, match="validity_months"):
        Version(validity_months=months, titles=titles)
