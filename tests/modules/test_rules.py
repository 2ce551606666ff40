"""Which modules bind whom, and which codes may be the site's own: without a database."""

from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from app.models.modules import GRACE_DAYS, ModuleCreate, ModuleUpdate, SiteModule
from app.models.staff import Role
from app.models.trainings import Module
from app.services.mentors import guards as g
from app.services.modules import MODULE, binding
from tests.mentors.facts import FACTS, NOW, codes, context, signed_off, went

TODAY = NOW.date()
FIVE = [module.value for module in Module]


def own(required_from: date | None) -> SiteModule:
    return SiteModule(
        prison_id="SLI",
        code="sleep_and_rest",
        title="Sleep and rest",
        validity_months=12,
        required=required_from is not None,
        required_from=required_from,
    )


def test_the_grace_is_longer_than_a_quarter() -> None:
    assert GRACE_DAYS == 92


@pytest.mark.parametrize(
    ("days_ago", "was_active", "binds"),
    [(0, False, True), (0, True, False), (91, True, False), (92, True, True), (93, True, True)],
)
def test_a_module_newly_required_gives_time_to_who_was_active(
    days_ago: int, was_active: bool, binds: bool
) -> None:
    module = own(TODAY - timedelta(days=days_ago))
    needed = binding([module], TODAY, was_active=was_active)
    assert needed == ([*FIVE, module.code] if binds else FIVE)


@pytest.mark.parametrize(("days_ago", "refused"), [(91, False), (92, True)])
def test_the_guard_asks_an_active_mentor_for_it_after_the_grace(
    days_ago: int, refused: bool
) -> None:
    history = [*FACTS.history, went("ready_for_sign_off", "active", NOW - timedelta(days=20))]
    required = [own(TODAY - timedelta(days=days_ago))]
    made = context(history=history, required=required)
    assert codes((g.modules_signed_off,), made) == (["modules_signed_off"] if refused else [])


def test_the_guard_asks_a_mentor_in_shadowing_for_it_at_once() -> None:
    module = own(TODAY)
    refusal = g.modules_signed_off(context(required=[module]))
    assert refusal is not None
    assert refusal.detail == "A nurse must sign off: sleep_and_rest."
    done = context(required=[module], trainings=[*FACTS.trainings, signed_off(module.code)])
    assert g.modules_signed_off(done) is None


def test_only_a_nurse_or_the_lead_retires_a_module() -> None:
    [move] = MODULE.moves.values()
    assert {role for role in Role if move.belongs_to(role)} == {
        Role.nurse, Role.mental_health_lead, Role.system,
    }  # fmt: skip


@pytest.mark.parametrize(
    "code", ["managing_concerns", "Sleep", "sleep-and-rest", "1st", "ab", "x" * 61, "=sum", ""]
)
def test_a_code_that_is_the_curriculums_or_no_code_is_refused(code: str) -> None:
    with pytest.raises(ValidationError, match="code"):
        ModuleCreate(code=code, title="Sleep and rest")


@pytest.mark.parametrize("months", [0, 61])
def test_a_validity_that_is_no_validity_is_refused(months: int) -> None:
    with pytest.raises(ValidationError, match="validity_months"):
        ModuleCreate(code="sleep", title="Sleep", validity_months=months)
    with pytest.raises(ValidationError, match="validity_months"):
        ModuleUpdate(validity_months=months)
