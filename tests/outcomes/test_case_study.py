"""The published study: five figures, what they can be counted from, and what they cannot."""

import json
from collections import Counter

import pytest

from app.models.reports import Indicator
from app.services.outcomes import case_study as study
from app.services.outcomes.answers import Episode
from app.services.outcomes.indicators import indicators
from tests.house.test_cli import Command, wellwing
from tests.outcome_cohorts.test_routes import frozen
from tests.questionnaires.test_routes import asked
from tests.story import Wing

__all__ = ["wellwing"]
PUBLISHED = {
    Indicator.ever_self_harm: (63, (38, 60), (50.7, 74.4)),
    Indicator.current_self_harm: (24, (14, 59), (14.7, 36.0)),
    Indicator.self_harm_improved: (57, (8, 14), (32.6, 78.6)),
    Indicator.suicidal: (78, (47, 60), (66.4, 86.9)),
    Indicator.suicidal_improved: (66, (31, 47), (51.7, 77.8)),
}


def ratios(sample: list[Episode]) -> dict[Indicator, tuple[int, int]]:
    return {each.indicator: (each.numerator, each.denominator) for each in indicators(sample)}


def test_every_published_figure_comes_from_the_sample_with_its_interval() -> None:
    for each in study.compared(study.sample()):
        published, counted, interval = PUBLISHED[each.share.indicator]
        assert (each.published, each.share.percent) == (published, published)
        assert (each.share.numerator, each.share.denominator) == counted
        assert each.share.interval == interval
        assert each.agrees


def test_only_one_answer_of_sixty_is_missing() -> None:
    missing = Counter[str]()
    for share in indicators(study.sample()):
        missing.update(share.missing)
    assert missing == {"not_asked": 1}


def test_twenty_four_percent_cannot_come_of_sixty() -> None:
    assert not list(study.counts(24, 60, 60))
    assert "14/60 is 23.3 % and 15/60 is 25.0 %" in (study.impossible() or "")


@pytest.mark.parametrize("ever", [(37, 59), (36, 57), (35, 56)])
def test_another_reading_of_who_ever_did_changes_that_figures_counts_and_no_other(
    ever: tuple[int, int],
) -> None:
    assert ever in list(study.counts(63, 55, 60))
    forced = ratios(study.sample())
    assert ratios(study.sample(ever=ever)) == forced | {Indicator.ever_self_harm: ever}
    assert all(each.agrees for each in study.compared(study.sample(ever=ever)))


def test_another_reading_of_who_still_does_agrees_too() -> None:
    found = study.compared(study.sample(current=(14, 58)))
    assert all(each.agrees for each in found)
    assert found[1].share.missing == {"not_asked": 2}
    assert not all(each.agrees for each in study.compared(study.sample(current=(14, 60))))


def test_the_readings_are_found_by_trying_them_all() -> None:
    found = {(each.had, each.improved) for each in study.all_readings()}
    assert found == {
        ((14, 59), (8, 14)),
        ((14, 58), (8, 14)),
        ((37, 59), (21, 37)),
        ((35, 56), (20, 35)),
        ((47, 60), (31, 47)),
    }


def test_the_command_prints_them_side_by_side_without_a_server(wellwing: Command) -> None:
    nowhere = {"WELLWING_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    done = wellwing("report", "case-study", **nowhere)
    assert done.returncode == 0, done.stderr
    for published, (n, of), _ in PUBLISHED.values():
        (row,) = (
            line for line in done.stdout.splitlines() if f" {n}/{of} " in line and "│" in line
        )
        assert row.count(f"{published} %") == 2
    assert "without a comparison group" in done.stdout
    assert "cannot come of 60 complete answers" in done.stdout


async def test_a_cohorts_report_is_printed_from_the_database(wellwing: Command, wing: Wing) -> None:
    mentee = await wing.engaged()
    answers = {"ever_self_harm": "yes", "current_self_harm": "no"}
    await wing.clinician.post("questionnaires", asked(mentee, "survey", answers=answers))
    await frozen(wing)
    words = ("report", "outcomes", "--cohort", "The first month", "--prison", wing.prison_id)
    lines = wellwing(*words).stdout.splitlines()
    assert lines[1] == "ever_self_harm,1,1,1,,100,,20.7,100.0,"
    found = json.loads(wellwing(*words, "--json").stdout)
    assert found["indicators"][1]["ratio"] == "0/1"
    entries = (await wing.governor.get("audit?operation=report_outcomes"))["items"]
    assert len(entries) == 2
    unknown = wellwing(*words[:3], "Nobody", *words[4:])
    assert unknown.returncode == 1
    assert "There is no outcome cohort of that name" in unknown.stderr


def test_for_scripts_it_is_json(wellwing: Command) -> None:
    found = json.loads(wellwing("report", "case-study", "--json").stdout)
    assert [each["ratio"] for each in found["figures"]] == [
        f"{n}/{of}" for _, (n, of), _ in PUBLISHED.values()
    ]
    assert found["figures"][1]["missing"] == {"not_asked": 1}
    assert found["figures"][1]["if_the_missing_answered"] == {"no": 23, "yes": 25}
    assert found["figures"][0]["also"] == ["37/59", "36/57", "35/56"]
    assert "24 %" in found["note"]
