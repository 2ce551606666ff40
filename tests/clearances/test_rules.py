"""How near the end of a clearance is, what cover goes with it, and when it may be extended."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from app.models.clearances import (
    NOT_HELD,
    Clearance,
    ClearancePut,
    ClearanceStage,
    ExtensionCreate,
)
from app.models.mentors import ClearanceOutcome
from app.services.clearances import EXTENSION, Extending
from app.services.mentors.cover import CoverFacts, cover_lost, stage_of

ENDS = date(2027, 3, 31)
A, B, C = uuid4(), uuid4(), uuid4()
ONE, TWO, THREE = uuid4(), uuid4(), uuid4()


@pytest.mark.parametrize(
    ("days_left", "stage"),
    [
        (31, "current"),
        (30, "within_30_days"),
        (8, "within_30_days"),
        (7, "within_7_days"),
        (0, "within_7_days"),  # the last day still counts
        (-1, "lapsed"),
    ],
)
def test_the_stages_are_thirty_days_seven_days_and_the_day_after_the_last(
    days_left: int, stage: str
) -> None:
    assert stage_of(days_left) is ClearanceStage(stage)


def facts(**fields: Any) -> CoverFacts:
    whole: dict[str, Any] = {
        "active": {A: ENDS, B: ENDS, C: ENDS + timedelta(days=90)},
        "pairs": [(A, ONE), (B, ONE), (A, TWO), (C, TWO), (B, THREE)],
        "planned": {A: 4},
        **fields,
    }
    return CoverFacts(**whole)


def lost(mentor_id: UUID, known: CoverFacts) -> tuple[int, int, int, int]:
    found = cover_lost(mentor_id, ENDS, known)
    return (
        found.live_pairings,
        found.planned_sessions,
        found.mentors_remaining,
        found.mentees_without_mentor,
    )


def test_a_cohort_cleared_on_one_day_takes_its_cover_together() -> None:
    """One's other mentor ends that day too; Two keeps a mentor who goes on."""
    assert lost(A, facts()) == (2, 4, 1, 1)
    assert lost(B, facts()) == (2, 0, 1, 2)


def test_whoever_goes_on_longer_keeps_the_mentees_they_share() -> None:
    later = {A: ENDS, B: ENDS + timedelta(days=1), C: ENDS}
    assert lost(A, facts(active=later)) == (2, 4, 1, 1)


def test_with_the_last_mentor_nobody_remains() -> None:
    assert lost(A, facts(active={A: ENDS}, pairs=[(A, ONE)])) == (1, 4, 0, 1)


def test_an_active_mentor_with_no_day_of_clearance_counts_as_gone() -> None:
    assert lost(A, facts(active={A: ENDS, C: None})) == (2, 4, 0, 2)


def test_of_a_mentor_who_does_not_work_yet_nothing_is_lost() -> None:
    assert lost(uuid4(), facts()) == (0, 0, 1, 0)


def a_clearance(**fields: Any) -> Clearance:
    whole: dict[str, Any] = {
        "prison_id": "SLI",
        "mentor_id": A,
        "outcome": ClearanceOutcome.cleared,
        "valid_from": date(2025, 4, 1),
        "valid_to": ENDS,
        "decided_by": "governor.sli",
        "decided_at": datetime(2025, 4, 1, tzinfo=UTC),
        **fields,
    }
    return Clearance(**whole)


def unmet(clearance: Clearance | None, **fields: Any) -> list[str]:
    whole: dict[str, Any] = {
        "until": ENDS + timedelta(days=28),
        "today": ENDS - timedelta(days=5),
        "most_days": 28,
        "own": False,
        **fields,
    }
    asked = Extending(clearance, **whole)
    return [refusal.code for guard in EXTENSION if (refusal := guard(asked)) is not None]


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("changed", "asked", "codes"),
    [
        ({}, {}, []),
        ({}, {"until": ENDS + DAY}, []),
        ({}, {"until": ENDS}, ["within_bounds"]),
        ({}, {"until": ENDS + 29 * DAY}, ["within_bounds"]),
        ({}, {"today": ENDS + 7 * DAY}, []),
        ({}, {"today": ENDS + 8 * DAY}, ["current_or_just_lapsed"]),
        ({}, {"today": ENDS + 7 * DAY, "until": ENDS + 6 * DAY}, ["within_bounds"]),
        ({}, {"today": date(2025, 3, 31)}, ["current_or_just_lapsed"]),
        ({"extended_to": ENDS + DAY}, {}, ["not_extended_before"]),
        ({"outcome": ClearanceOutcome.refused}, {}, ["clearance_given"]),
        ({}, {"own": True}, ["nobody_decides_on_themselves"]),
        (
            {"extended_to": ENDS + DAY},
            {"today": ENDS + 9 * DAY, "until": ENDS + 40 * DAY, "own": True},
            [
                "not_extended_before",
                "current_or_just_lapsed",
                "within_bounds",
                "nobody_decides_on_themselves",
            ],
        ),
    ],
)
def test_an_extension_is_one_bounded_and_in_time(
    changed: dict[str, Any], asked: dict[str, Any], codes: list[str]
) -> None:
    assert unmet(a_clearance(**changed), **asked) == codes


def test_without_a_clearance_there_is_nothing_to_extend() -> None:
    assert unmet(None) == ["clearance_given"]


@pytest.mark.parametrize(
    ("changed", "today", "latest"),
    [
        ({}, ENDS, ENDS + 28 * DAY),
        ({}, ENDS + 7 * DAY, ENDS + 28 * DAY),
        ({}, ENDS + 8 * DAY, None),
        ({"extended_to": ENDS + DAY}, ENDS, None),
        ({"outcome": ClearanceOutcome.refused}, ENDS, None),
    ],
)
def test_how_far_it_may_still_be_extended_is_told(
    changed: dict[str, Any], today: date, latest: date | None
) -> None:
    assert Extending(a_clearance(**changed), today, today, 28, own=False).latest == latest


@pytest.mark.parametrize(
    "name",
    [
        "intelligence",
        "security_intelligence",
        "reason",
        "reasons",
        "notes",
        "note",
        "offence",
        "index_offence",
        "sentence",
        "source",
        "informant",
        "vetting_form",
        "CLEARANCE_REPORT",
        "attachment",
        "disclosure",
        "comment",
    ],
)
@pytest.mark.parametrize("body", [ClearancePut, ExtensionCreate])
def test_there_is_no_field_for_what_a_decision_rests_on(body: Any, name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        body.model_validate({name: "seen with Sampleford on B wing"})
    (found,) = [each for each in refused.value.errors() if each["type"] == "vetting_material"]
    assert (found["loc"], found["msg"]) == ((name,), NOT_HELD)
    assert "Sampleford" not in str(refused.value)


def test_material_that_hides_in_the_name_of_a_field_is_not_said_again() -> None:
    body = {"until": "2027-04-01", "dealing {spice} on B wing": 1, "x" * 31: 1, 'a"b': 1}
    with pytest.raises(ValidationError) as refused:
        ExtensionCreate.model_validate(body)
    assert {each["loc"] for each in refused.value.errors()} == {("body",)}
    assert "spice" not in str(refused.value)


def test_what_else_is_wrong_with_the_body_is_told_too() -> None:
    body = {"outcome": "perhaps", "valid_from": "2027-01-01", "valid_to": "soon", "source": "x"}
    with pytest.raises(ValidationError) as refused:
        ClearancePut.model_validate(body)
    assert {each["loc"] for each in refused.value.errors()} == {
        ("outcome",), ("valid_to",), ("source",),
    }  # fmt: skip
