"""Reports over HTTP: the figures of a frozen cohort, from what was recorded."""

import csv
import io
from typing import Any

from app import clock
from tests.life_events.test_routes import day, event
from tests.outcome_cohorts.test_routes import days, frozen
from tests.questionnaires.test_routes import GAD7, asked
from tests.story import Wing

YES = {"ever_self_harm": "yes", "current_self_harm": "yes", "suicidal_thoughts": "yes"}
NO = dict.fromkeys((*YES, "suicide_attempt"), "no")


async def survey(wing: Wing, mentee: Any, occasion: str, answers: Any = None, **more: Any) -> None:
    body = asked(mentee, "survey", occasion=occasion, answers=answers, **more)
    await wing.clinician.post("questionnaires", body)


async def test_every_figure_is_counted_from_records_with_who_is_missing_and_why(
    wing: Wing,
) -> None:
    """Five mentees: one stopped, one got worse, one is gone, one declined, one was never asked."""
    stopped, worse, gone, declined, _ = [await wing.engaged() for _ in range(5)]
    made = await frozen(wing)
    for mentee in (stopped, worse, gone):
        await survey(wing, mentee, "baseline", {**YES, "suicide_attempt": "no"})
        await wing.clinician.post("questionnaires", asked(mentee))
    await survey(wing, declined, "baseline", result="declined")
    await wing.support_worker.move(f"mentees/{gone['id']}", "completed", reason="goals_met")
    clock.forward(days=60)
    now_no = {"current_self_harm": "no", "suicidal_thoughts": "no", "suicide_attempt": "no"}
    changed = {"self_harm_change": "stopped", "thoughts_change": "reduced"}
    await survey(wing, stopped, "follow_up", now_no | changed)
    now_yes = {"current_self_harm": "yes", "suicidal_thoughts": "yes", "suicide_attempt": "yes"}
    changed = {"self_harm_change": "unchanged", "thoughts_change": "unchanged"}
    await survey(wing, worse, "follow_up", now_yes | changed | {"attempts_change": "increased"})
    lower = asked(stopped, occasion="follow_up", answers=dict.fromkeys(GAD7, 0))
    await wing.clinician.post("questionnaires", lower)
    higher = asked(worse, occasion="follow_up", answers=dict.fromkeys(GAD7, 2))
    await wing.clinician.post("questionnaires", higher)
    clock.forward(days=200)
    found = await wing.governor.get(f"reports/outcomes/{made['id']}")
    assert found["cohort"]["digest"] == made["digest"]
    assert found["label"] == "before and after, without a comparison group"
    assert found["followed_up"] == 2
    assert found["lost"] == {"baseline_declined": 1, "completed": 1, "no_baseline": 1}
    shares = {each["indicator"]: each for each in found["indicators"]}
    ever = shares["ever_self_harm"]
    assert (ever["ratio"], ever["eligible"], ever["percent"]) == ("3/3", 5, 100)
    assert ever["missing"] == {"declined": 1, "not_asked": 1}
    assert ever["if_missing"] == {"no": 60, "yes": 100}
    improved = shares["self_harm_improved"]
    assert (improved["ratio"], improved["eligible"]) == ("1/2", 3)
    assert improved["missing"] == {"completed": 1}
    assert (shares["suicidal"]["ratio"], shares["suicidal_improved"]["ratio"]) == ("3/3", "1/2")
    paired = {each["question"]: each for each in found["paired"]}
    now = paired["current_self_harm"]
    assert [now[name] for name in ("both_yes", "resolved", "new_onset", "both_no")] == [1, 1, 0, 0]
    attempts = paired["suicide_attempt"]
    assert (attempts["new_onset"], attempts["both_no"], attempts["increased"]) == (1, 1, 1)
    assert attempts["p_value"] == 1.0
    scores = {each["instrument"]: each for each in found["scores"]}
    gad7 = scores["gad7"]
    assert (gad7["pairs"], gad7["mean_first"], gad7["mean_difference"]) == (2, 10.0, -3.0)
    assert (gad7["reliably_improved"], gad7["reliably_deteriorated"]) == (1, 1)
    assert (gad7["cases_first"], gad7["cases_recovered"]) == (2, 1)
    assert scores["phq9"]["mean_difference"] is None
    assert scores["swemwbs"]["reliably_improved"] is None
    assert "self harm improved: 1/2, 50 %" in found["description"]


async def test_a_follow_up_outside_the_window_is_none_and_the_last_within_counts(
    wing: Wing,
) -> None:
    mentee = await wing.engaged()
    made = await frozen(wing, follow_up_from_days=28, follow_up_to_days=90)

    async def current() -> tuple[str, dict[str, int]]:
        found = await wing.governor.get(f"reports/outcomes/{made['id']}")
        share = next(e for e in found["indicators"] if e["indicator"] == "self_harm_improved")
        return share["ratio"], found["lost"]

    await survey(wing, mentee, "baseline", {**YES, "suicide_attempt": "no"})
    for days_on, change, expected in (
        (7, "stopped", ("0/0", {"not_due_yet": 1})),
        (30, "stopped", ("1/1", {})),
        (30, "unchanged", ("0/1", {})),
        (60, "reduced", ("0/1", {})),
    ):
        clock.forward(days=days_on)
        await survey(wing, mentee, "follow_up", {"self_harm_change": change})
        assert await current() == expected


async def test_the_table_and_the_picture_say_the_same(wing: Wing) -> None:
    mentee = await wing.engaged()
    made = await frozen(wing)
    await survey(wing, mentee, "baseline", NO)
    path = f"reports/outcomes/{made['id']}"
    answer = await wing.governor.request("GET", f"{path}?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows[0]["figure"] == "ever_self_harm"
    assert [rows[0][name] for name in ("numerator", "denominator", "percent")] == ["0", "1", "0"]
    answer = await wing.governor.request("GET", f"{path}?format=svg")
    assert "ever self harm: 0/1, 0 %" in answer.text
    answer = await wing.governor.request("GET", f"{path}?format=png")
    assert answer.content.startswith(b"\x89PNG")


async def test_nothing_is_counted_of_a_draft_nor_of_another_prisons(wing: Wing) -> None:
    made = await wing.support_worker.post("outcome-cohorts", days())
    await wing.governor.get(f"reports/outcomes/{made['id']}", expect=409)
    unknown = "0198c0de-0000-7000-8000-000000000000"
    await wing.governor.get(f"reports/outcomes/{unknown}", expect=404)


async def test_an_empty_cohort_has_figures_of_nobody(wing: Wing) -> None:
    made = await frozen(wing)
    found = await wing.governor.get(f"reports/outcomes/{made['id']}")
    assert {each["ratio"] for each in found["indicators"]} == {"0/0"}
    assert {each["percent"] for each in found["indicators"]} == {None}
    answer = await wing.governor.request("GET", f"reports/outcomes/{made['id']}?format=svg")
    assert answer.status_code == 200


async def test_events_are_counted_waiting_for_support_and_in_it_each_kind_of_fact_by_itself(
    wing: Wing,
) -> None:
    """Ten days of waiting and twenty in support; then the end, and a return after a week."""
    mentee = await wing.offered()
    clock.forward(days=10)
    await wing.consents(mentee["id"])
    await wing.checks(mentee["id"], "compatibility")
    await wing.support_worker.move(f"mentees/{mentee['id']}", "engaged")
    made = await frozen(wing)
    clock.forward(days=18)

    def entered(kind: str, fact: str, back: int, **more: Any) -> dict[str, Any]:
        return event(mentee, kind, fact, first_day=day(back), **more)

    spell = entered("self_seclusion", "staff_recorded", 24, last_day=day(17))
    for body in (
        spell,
        entered("self_care", "self_report", 2),
        entered("self_care", "clinical_finding", 2),
        entered("disruptive_incident", "staff_recorded", 20, incident="fight"),
        entered("disruptive_incident", "staff_recorded", 200, incident="fight"),
    ):
        await wing.clinician.post("life-events", body)
    wrong = await wing.clinician.post("life-events", entered("self_care", "self_report", 3))
    move = {"reason": "entered_twice"}
    await wing.clinician.move(f"life-events/{wrong['id']}", "entered_in_error", **move)
    await wing.support_worker.move(f"mentees/{mentee['id']}", "completed", reason="goals_met")
    clock.forward(days=7)
    found = await wing.governor.get(f"reports/outcomes/{made['id']}")
    assert found["exposure_days"] == 20
    figures = {(each["event"], each["fact"]): each for each in found["events"]}
    for fact, number in (("self_report", 1), ("staff_recorded", 0), ("clinical_finding", 1)):
        figure = figures["self_care", fact]
        assert (figure["before"]["events"], figure["before"]["days"]) == (0, 10)
        assert (figure["after"]["events"], figure["after"]["days"]) == (number, 20)
        assert figure["after"]["per_1000"] == 50.0 * number
    between = figures["self_care", "self_report"]["after"]["interval"]
    assert between == {"low": 1.27, "high": 278.58}
    fights = figures["disruptive_incident", "staff_recorded"]
    assert (fights["before"]["events"], fights["after"]["events"]) == (1, 0)
    staff = next(each for each in found["seclusion"] if each["fact"] == "staff_recorded")
    assert staff["before"] == {"secluded": 5, "days": 10}
    assert staff["after"] == {"secluded": 3, "days": 20}
    assert found["label"] == "before and after, without a comparison group"
