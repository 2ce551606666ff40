"""What stands before an application's moves, without a database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from app.models.applications import ApprovalCreate, ConditionsPut, CoolingOff
from app.models.interviews import Interview, Interviewer, Recommendation
from app.models.mentors import ApprovalCondition, MentorStatus
from app.models.statements import Prompt
from app.services.mentors import application as a
from app.services.mentors.application import Application, Support
from app.services.mentors.moves import APPROVAL, DECISION, MOVES, WAITING, finish_step
from app.services.mentors.waiting import STEPS
from tests.mentors.facts import LONDON, NOW, PRISON, a_mentor, codes, context

S = MentorStatus
SOMEBODY, SOMEBODY_ELSE = uuid4(), uuid4()
W, C = Interviewer.support_worker, Interviewer.clinician


def made(**fields: Any) -> Any:
    mentor = fields.pop("mentor", None)
    return context(mentor=mentor, application=Application(**fields))


def interviewed(interviewer: Interviewer, staff_id: Any = None) -> Interview:
    return Interview(
        prison_id=PRISON,
        mentor_id=uuid4(),
        staff_id=staff_id or uuid4(),
        interviewer=interviewer,
        held_at=NOW,
        recommendation=Recommendation.recommended,
        notes="x",
    )


@pytest.mark.parametrize(
    ("motivation", "prompts", "found"),
    [
        (None, [], ["statements_complete"]),
        (None, ["what_i_bring", "when_i_am_available"], ["statements_complete"]),
        (None, ["why_mentor"], []),
        ("To give it back.", [], []),
    ],
)
def test_it_must_be_said_why(motivation: str | None, prompts: list[str], found: list[str]) -> None:
    said = frozenset(Prompt(each) for each in prompts)
    mentor = a_mentor(motivation=motivation)
    assert codes((a.statements_complete,), made(mentor=mentor, prompts=said)) == found


@pytest.mark.parametrize(
    ("interviews", "wanting"),
    [
        ([], "a support worker and a clinician"),
        ([(W, None)], "a clinician"),
        ([(W, None), (W, None)], "a clinician"),
        ([(C, None), (C, None)], "a support worker"),
        ([(W, SOMEBODY), (C, SOMEBODY)], "a second person"),
        ([(W, SOMEBODY), (C, SOMEBODY), (C, SOMEBODY_ELSE)], None),
        ([(W, None), (C, None)], None),
    ],
)
def test_a_support_worker_and_a_clinician_interviewed(
    interviews: list[tuple[Interviewer, Any]], wanting: str | None
) -> None:
    facts = made(interviews=tuple(interviewed(*each) for each in interviews))
    refusal = a.interviewed_by_both(facts)
    if wanting is None:
        assert refusal is None
    else:
        assert refusal is not None
        assert refusal.detail.endswith(f": {wanting}.")


@pytest.mark.parametrize(("left", "found"), [(None, 0), (2, 0), (1, 0), (0, 1), (-1, 1)])
def test_a_campaign_must_have_a_place(left: int | None, found: int) -> None:
    assert len(codes((a.campaign_has_place,), made(places_left=left))) == found


# The zone's days: 23:30 UTC on a June evening is the next day in London.
_EVENING = datetime(2027, 3, 17, 23, 30, tzinfo=UTC)
_SUMMER = datetime(2027, 6, 14, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("support", "days", "state"),
    [
        (None, 90, CoolingOff.never_supported),
        (Support(True, None), 90, CoolingOff.in_support),
        (Support(True, NOW - timedelta(days=400)), 90, CoolingOff.in_support),
        (Support(False, NOW - timedelta(days=89)), 90, CoolingOff.cooling_off),
        (Support(False, NOW - timedelta(days=90)), 90, CoolingOff.over),
        (Support(False, _EVENING), 90, CoolingOff.over),
        (Support(False, _SUMMER), 1, CoolingOff.cooling_off),
        (Support(False, _SUMMER), 0, CoolingOff.over),
        (Support(True, NOW), 0, CoolingOff.in_support),
    ],
)
def test_a_time_lies_between_being_supported_and_supporting(
    support: Support | None, days: int, state: CoolingOff
) -> None:
    facts = made(support=support, cooling_off_days=days)
    application = facts.facts.application
    assert a.cooling(application, date(2027, 6, 15), LONDON) is state
    refused = state in {CoolingOff.in_support, CoolingOff.cooling_off}
    assert codes((a.cooled_off,), facts) == (["cooled_off"] if refused else [])


def test_the_day_from_which_approval_is_possible_is_said() -> None:
    support = Support(False, NOW - timedelta(days=10))
    refusal = a.cooled_off(made(support=support, cooling_off_days=90))
    assert refusal is not None
    assert "2027-09-03" in refusal.detail


def test_approval_asks_for_everything_at_once() -> None:
    mentor = a_mentor(clearance=None)
    facts = made(mentor=mentor, places_left=0, support=Support(True, None))
    assert codes((*DECISION, *APPROVAL), facts) == [
        "clearance_current",
        "campaign_has_place",
        "cooled_off",
    ]


def test_whatever_moves_an_application_on_finishes_what_was_asked() -> None:
    assert set(STEPS) == WAITING
    for (start, _), move in MOVES.items():
        assert (finish_step in move.effects) is (start in WAITING)


def test_a_condition_is_named_once_and_kept_in_the_lists_order() -> None:
    for body in (ApprovalCreate, ConditionsPut):
        said = body(conditions=["review_after_three_months", "no_nights"])
        assert said.conditions == [
            ApprovalCondition.no_nights,
            ApprovalCondition.review_after_three_months,
        ]
        with pytest.raises(ValidationError, match="twice"):
            body(conditions=["no_nights", "no_nights"])
        with pytest.raises(ValidationError):
            body(conditions=["no_cigarettes"])
