"""Outcome cohorts over HTTP: defined first, then frozen for good."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app import clock
from app.models.outcome_cohorts import OutcomeCohort
from app.services.outcome_cohorts import digest
from tests.story import Caller, Wing


def days(**fields: Any) -> dict[str, Any]:
    today = clock.now().date()
    first = {"referred_from": str(today - timedelta(days=30)), "referred_to": str(today)}
    return {"name": "The first month", **first, **fields}


def fields(refused: Any) -> list[tuple[str, str]]:
    return [(each["field"], each["code"]) for each in refused["errors"]]


async def frozen(wing: Wing, **fields: Any) -> Any:
    made = await wing.support_worker.post("outcome-cohorts", days(**fields))
    clock.forward(days=1)
    return await wing.governor.move(f"outcome-cohorts/{made['id']}", "frozen")


async def test_a_draft_changes_and_what_is_frozen_does_not(wing: Wing) -> None:
    mentee = await wing.engaged()
    made = await wing.support_worker.post("outcome-cohorts", days())
    path = f"outcome-cohorts/{made['id']}"
    assert (made["status"], made["digest"], made["size"]) == ("draft", None, None)
    changed = await wing.clinician.patch(path, {"engaged_only": False, "name": "All of them"})
    assert (changed["engaged_only"], changed["name"]) == (False, "All of them")
    early = await wing.governor.move(path, "frozen", expect=409)
    assert [each["code"] for each in early["errors"]] == ["all_were_referred"]
    clock.forward(days=1)
    done = await wing.governor.move(path, "frozen")
    assert (done["status"], done["size"], done["definition_version"]) == ("frozen", 1, 1)
    assert done["frozen_by"] == wing.governor.subject
    await wing.support_worker.patch(path, {"name": "Other"}, expect=409)
    await wing.governor.move(path, "frozen", expect=409)
    row = OutcomeCohort.model_validate({**done, "prison_id": wing.prison_id})
    assert done["digest"] == digest(row, [UUID(mentee["id"])])
    history = (await wing.governor.get(f"{path}/history"))["items"]
    assert [each["to_state"] for each in history] == ["draft", "frozen"]
    listed = (await wing.nurse.get("outcome-cohorts?status=frozen"))["items"]
    assert [each["id"] for each in listed] == [made["id"]]
    await wing.governor.move(path, "withdrawn", expect=422)
    await wing.governor.move(path, "withdrawn", reason="wrong_definition")


async def test_it_holds_whom_it_means_on_the_day_it_is_frozen_and_nobody_after(wing: Wing) -> None:
    await wing.engaged()
    await wing.referred()
    engaged = await frozen(wing)
    everybody = await frozen(wing, name="Everybody", engaged_only=False)
    assert (engaged["size"], everybody["size"]) == (1, 2)
    assert engaged["digest"] != everybody["digest"]
    await wing.engaged()
    again = await wing.governor.get(f"outcome-cohorts/{engaged['id']}")
    assert (again["size"], again["digest"]) == (1, engaged["digest"])
    rows = await wing.db.fetch(wing.prison_id, "SELECT count(*) AS n FROM outcome_cohort_member")
    assert [row["n"] for row in rows] == [3]


async def test_what_cannot_be_is_refused_by_its_field(wing: Wing) -> None:
    worker = wing.support_worker
    backwards = days(referred_to="2020-01-01")
    refused = await worker.post("outcome-cohorts", backwards, expect=422)
    assert [each["field"] for each in refused["errors"]] == ["referred_to"]
    window = days(follow_up_from_days=90, follow_up_to_days=30)
    refused = await worker.post("outcome-cohorts", window, expect=422)
    assert [each["field"] for each in refused["errors"]] == ["follow_up_to_days"]
    made = await worker.post("outcome-cohorts", days())
    assert fields(await worker.post("outcome-cohorts", days(), expect=422)) == [("name", "taken")]
    path = f"outcome-cohorts/{made['id']}"
    refused = await worker.patch(path, {"referred_to": "2020-01-01"}, expect=422)
    assert fields(refused) == [("referred_to", "in_order")]
    refused = await worker.patch(path, {"follow_up_to_days": 1}, expect=422)
    assert fields(refused) == [("follow_up_to_days", "in_order")]


async def test_those_who_neither_run_the_scheme_nor_answer_for_it_see_none(wing: Wing) -> None:
    made = await wing.support_worker.post("outcome-cohorts", days())
    mentor: Caller = await wing.active_mentor()
    for caller in (wing.officer, mentor):
        await caller.get("outcome-cohorts", expect=403)
        await caller.get(f"outcome-cohorts/{made['id']}", expect=403)
        await caller.post("outcome-cohorts", days(name="Mine"), expect=403)
        await caller.get(f"reports/outcomes/{made['id']}", expect=403)
