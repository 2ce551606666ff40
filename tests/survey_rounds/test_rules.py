"""What the experience survey asks, and what an answer raises and a round tells, as pure sums."""

from collections import Counter
from typing import Any

import pytest

from app.models.survey_rounds import SurveyAudience
from app.services.reports.experience import FEWEST, of_round
from app.services.survey_rounds.questions import counters, in_force, raised, scale, surveys, wrong

MENTEES = in_force(SurveyAudience.mentees)


def test_every_audience_is_asked_a_few_things_and_for_its_reasons() -> None:
    assert {who for who, _ in surveys()} == set(SurveyAudience)
    assert len(scale()) == 5
    for survey in surveys().values():
        points = [name for name, item in survey.items.items() if not item.choices]
        assert 4 <= len(points) <= 8
        (reasons,) = set(survey.items) - set(points)
        assert {"nothing", "other"} < set(survey.items[reasons].choices)


def test_every_answer_that_is_none_wrong_raises_counters_that_a_round_has() -> None:
    for survey in surveys().values():
        answers: dict[str, Any] = {
            name: list(item.choices) if item.choices else 1 + place % 5
            for place, (name, item) in enumerate(survey.items.items())
        }
        assert list(wrong(survey, answers)) == []
        found = list(raised(answers))
        assert len(found) == len(set(found))
        assert set(found) < set(counters(survey))


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "answers"),
        ({"held_back": []}, "answers"),
        ({"name": 3}, "answers"),
        ({"listened": 0}, "answers.listened"),
        ({"listened": 6}, "answers.listened"),
        ({"listened": ["times"]}, "answers.listened"),
        ({"held_back": 3}, "answers.held_back"),
        ({"held_back": ["times", "he is my cousin"]}, "answers.held_back"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_by_its_question_and_never_said_back(
    answers: dict[str, Any], field: str
) -> None:
    (found,) = wrong(MENTEES, answers)
    assert found.field == field
    assert "cousin" not in found.message


def told(*answers: dict[str, Any]) -> list[Any]:
    counted = Counter(dict.fromkeys(counters(MENTEES), 0))
    for each in answers:
        counted.update(raised(each))
    return list(of_round(MENTEES, counted, "mentees_1", "Mentees"))


def test_a_round_with_too_few_answers_tells_nothing() -> None:
    (table,) = told(*[{"listened": 5}] * (FEWEST - 1))
    assert (table.rows, table.missing) == ([], {"rounds_with_too_few_answers": 1})


def test_a_question_with_too_few_answers_tells_nothing_and_the_others_counts() -> None:
    chosen = {"listened": 5, "held_back": ["times", "other"]}
    agree, points, reasons = told(
        *[chosen] * 6, {"listened": 4, "held_back": ["nothing"]}, {"listened": 3},
        {"respected": 1}, {"held_back": ["nothing"]},
    )  # fmt: skip
    (listened,) = agree.rows
    assert (listened.key, listened.value, listened.of) == ("listened", 7, 8)
    assert agree.missing == {"questions_with_too_few_answers": 5}
    assert "(10 answered)" in agree.title
    assert [row.value for row in points.rows] == [0, 0, 1, 1, 6]
    by_reason = {row.key: (row.value, row.of) for row in reasons.rows}
    assert by_reason["times"] == by_reason["other"] == (6, 8)
    assert by_reason["nothing"] == (2, 8)
