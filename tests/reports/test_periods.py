"""Reports of a period over HTTP, from what happened on a wing."""

import json
from datetime import date, timedelta
from typing import Any

from sqlalchemy import event

from app import clock
from app.models.report_tables import ReportName
from tests.house.test_cli import Command, wellwing
from tests.reports.synthetic import Past, at
from tests.story import Caller, Wing

__all__ = ["wellwing"]


async def table(caller: Caller, report: str, name: str, query: str = "") -> dict[str, Any]:
    found = await caller.get(f"reports/{report}{query}")
    (wanted,) = [each for each in found["tables"] if each["table"] == name]
    return {row["key"]: (row["value"], row["of"]) for row in wanted["rows"]} | wanted["missing"]


async def test_the_published_growth_is_a_series_of_months(wing: Wing) -> None:
    """From two mentors to ten, and to 250 mentees; somebody who came back is one mentee."""
    past = Past(wing.prison_id)
    first = past.mentor(at(1, 10))
    past.mentor(at(1, 10))
    for month in range(2, 10):
        past.mentor(at(month, 10))
    past.mentor(at(3, 1), until=at(5, 31, 22, 30))  # 23:30 on the wall, in May still
    people = [past.mentee(at(2 + number // 25, 10)) for number in range(249)]
    past.mentee(at(2, 1), until=at(2, 20), person_id=(back := past.person()))
    past.mentee(at(11, 10), person_id=back)
    past.session(first, at(7, 31, 22, 30))  # the last of July
    past.session(first, at(7, 31, 23, 0))  # 00:00 on the wall, the first of August
    past.session(first, at(10, 31, 23, 30))  # the 25-hour month's last
    await past.save(wing.db)
    assert len(set(people)) == 249
    query = "?from=2026-01-01&to=2026-11-25"
    mentors = await table(wing.governor, "growth", "active_mentors", query)
    counted = [value for value, _ in mentors.values()]
    assert counted == [2, 3, 5, 6, 6, 7, 8, 9, 10, 10, 10]
    ever = await table(wing.governor, "growth", "mentees_ever", query)
    assert [ever[month][0] for month in ("2026-01", "2026-02", "2026-10", "2026-11")] == [
        0, 26, 226, 250,
    ]  # fmt: skip
    now = await table(wing.governor, "growth", "mentees_current", query)
    assert (now["2026-02"][0], now["2026-11"][0]) == (25, 250)
    held = await table(wing.governor, "growth", "sessions", query)
    assert (held["2026-07"][0], held["2026-08"][0], held["2026-10"][0]) == (1, 1, 1)
    too_long = "reports/growth?from=2025-01-01&to=2026-11-25"
    await wing.governor.get(too_long, expect=422)


async def met(wing: Wing, mentor: Caller, *mentees: Any, hours: int, **more: Any) -> Any:
    """A session recorded as held, so many hours ago."""
    begins = clock.now() - timedelta(hours=hours)
    body = {
        "kind": "group",
        "mentor_id": str(mentor.mentor_id),
        "mentee_ids": [each["id"] for each in mentees],
        "starts_at": clock.spell(begins),
        "ends_at": clock.spell(begins + timedelta(minutes=45)),
        **more,
    }
    return await wing.support_worker.post("sessions/held", body)


async def test_what_the_scheme_did_is_counted_from_its_sessions(wing: Wing) -> None:
    mentor, one, two = await wing.active_mentor(), await wing.engaged(), await wing.engaged()
    held = await met(wing, mentor, one, two, hours=3)
    parts = {each["mentee_id"]: each["id"] for each in held["participations"]}
    marks = [
        {"participation_id": parts[one["id"]], "status": "attended"},
        {"participation_id": parts[two["id"]], "status": "cancelled", "reason": "mentee_unwell"},
    ]
    path = f"sessions/{held['id']}/attendance"
    await wing.support_worker.put(path, {"marks": marks})
    begins = clock.now() + timedelta(hours=2)
    body = {"kind": "one_to_one", "mentee_ids": [one["id"]], "mentor_id": str(mentor.mentor_id)}
    times = {"starts_at": begins, "ends_at": begins + timedelta(minutes=30)}
    plan = body | {name: clock.spell(instant) for name, instant in times.items()}
    planned = await wing.support_worker.post("sessions", plan)
    await wing.support_worker.move(f"sessions/{planned['id']}", "cancelled", reason="no_room")
    tomorrow = f"?to={clock.now().date() + timedelta(days=1)}"

    async def shown(name: str) -> dict[str, Any]:
        return await table(wing.governor, "activity", name, tomorrow)

    assert (await shown("sessions_by_kind"))["group"] == (1, None)
    assert (await shown("held_of_planned"))["all"] == (1, 2)
    assert (await shown("cancelled_by_reason"))["no_room"] == (1, None)
    came = await shown("attendance")
    assert [came[each][0] for each in ("attended", "dna", "cancelled")] == [1, 0, 2]
    reasons = await shown("absent_by_reason")
    assert (reasons["mentee_unwell"][0], reasons["no_room"][0]) == (1, 1)
    reached = await shown("people_reached")
    assert (reached["all"][0], reached["no_regime"]) == (1, 1)


async def test_a_debrief_of_a_hidden_concern_is_in_nobodys_figures_who_may_not_know(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    about = {"kind": "misconduct", "about_staff_id": str(wing.nurse.staff_id)}
    await mentor.post("concerns", {"account": "He shouted.", "immediacy": "now", **about})
    clock.forward(days=2)
    assert await debriefs(wing.governor) == (0, 1)
    assert await debriefs(wing.support_worker) == (0, 0)
    assert await debriefs(wing.clinician) == (0, 0)


async def debriefs(caller: Caller) -> Any:
    return (await table(caller, "fidelity", "debriefs_in_time"))["after_a_concern"]


async def test_supervision_held_late_was_not_held_in_time(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await wing.tidies()
    planned = await wing.supervision_of(mentor)
    due = date.fromisoformat(planned["first_due_on"])
    clock.forward(days=(due - clock.now().date()).days + 1)
    await wing.supervises(mentor)
    assert (await table(wing.governor, "fidelity", "supervisions_in_time"))["monthly"] == (0, 1)
    assert (await table(wing.governor, "fidelity", "supervisions"))["late"] == (1, None)
    new = await table(wing.governor, "fidelity", "shadowed_first", f"?from={due - timedelta(60)}")
    assert new["newly_active"] == (0, 1)  # a founder, who had nobody to shadow


async def test_whoever_asked_in_vain_is_counted(wing: Wing) -> None:
    away = {"reason": "no_capacity", "source": "wing_staff"}
    await wing.support_worker.post("demand/turned-away", away)
    mentee = await wing.referred()
    await wing.support_worker.move(f"mentees/{mentee['id']}", "triage")
    assert (await table(wing.governor, "unmet_demand", "turned_away"))["no_capacity"][0] == 1
    waiting = await table(wing.governor, "unmet_demand", "not_yet_in_support")
    assert (waiting["triage"][0], waiting["referred"][0]) == (1, 0)
    assert await table(wing.governor, "response_times", "triaged_in_time") == {"all": (0, 0)}
    in_time = await table(wing.governor, "response_times", "triaged_in_time", later())
    assert in_time == {"all": (1, 1)}


def later() -> str:
    return f"?to={clock.now().date() + timedelta(days=10)}"


async def test_a_report_costs_the_same_number_of_statements_however_much_happened(
    wing: Wing,
) -> None:
    counted: list[str] = []

    async def statements() -> dict[str, int]:
        found = {}
        for name in ReportName:
            counted.clear()
            await wing.governor.get(f"reports/{name.value}")
            found[name.value] = len(counted)
        return found

    def count(*args: Any) -> None:
        counted.append(args[2])

    event.listen(wing.db.engine.sync_engine, "before_cursor_execute", count)
    try:
        before = await statements()
        await much_happens(wing)
        assert await statements() == before
    finally:
        event.remove(wing.db.engine.sync_engine, "before_cursor_execute", count)


async def much_happens(wing: Wing) -> None:
    mentor, one, two = await wing.active_mentor(), await wing.engaged(), await wing.engaged()
    await met(wing, mentor, one, two, hours=3)
    await wing.referred()
    told = {"subject_as_told": "the lad in the end cell", "immediacy": "now"}
    await mentor.post("concerns", {"account": "He does not eat.", **told})
    await wing.tidies()


async def test_a_report_is_printed_from_the_database_and_the_look_is_audited(
    wellwing: Command, wing: Wing
) -> None:
    words = ("report", "unmet_demand", "--prison", wing.prison_id, "--from", "2026-01-01")
    lines = wellwing(*words, "--to", "2026-01-31").stdout.splitlines()
    assert lines[0] == "table,key,measure,unit,value,of,percent,per_1000,low,high,p90"
    assert "turned_away,no_capacity,number,people,0,,,,,," in lines
    found = json.loads(wellwing(*words, "--to", "2026-01-31", "--json").stdout)
    assert (found["report"], found["first_day"]) == ("unmet_demand", "2026-01-01")
    entries = (await wing.governor.get("audit?operation=report_unmet_demand"))["items"]
    assert len(entries) == 2
