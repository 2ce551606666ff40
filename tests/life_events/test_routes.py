"""Events of life over HTTP: what is kept, what is refused, and who reads it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import Range

from app import clock
from app.models.base import metadata, new_id
from tests.house.rows import smallest
from tests.questionnaires.test_routes import fields
from tests.story import Caller, Wing

SOURCE = {
    "self_report": "own_words",
    "staff_recorded": "wing_book",
    "clinical_finding": "clinical_record",
}


def day(back: int = 0) -> str:
    return str(clock.now().date() - timedelta(days=back))


def event(mentee: Any, kind: str = "self_care", fact: str = "self_report", **more: Any) -> Any:
    body = {"mentee_id": mentee["id"], "kind": kind, "fact": fact, "source": SOURCE[fact]}
    return {**body, "first_day": day(), **more}


async def ids(caller: Caller, query: str = "") -> list[str]:
    return [item["id"] for item in (await caller.get(f"life-events{query}"))["items"]]


async def test_what_happened_is_kept_with_whose_word_it_is(wing: Wing) -> None:
    mentee = await wing.engaged()
    body = event(mentee, "disruptive_incident", "staff_recorded", incident="damage")
    made = await wing.support_worker.post("life-events", body)
    assert {name: made[name] for name in body} == body
    assert made["recorded_by"] == wing.support_worker.subject
    assert await wing.nurse.get(f"life-events/{made['id']}") == made
    assert await ids(wing.nurse, "?fact=staff_recorded") == [made["id"]]
    assert await ids(wing.nurse, "?fact=self_report") == []


async def test_what_clinicians_found_is_theirs_alone_and_governors_and_officers_read_none(
    wing: Wing,
) -> None:
    mentee = await wing.engaged()
    found = event(mentee, "mental_health_contact", "clinical_finding")
    made = await wing.clinician.post("life-events", found)
    said = await wing.support_worker.post("life-events", event(mentee))
    assert set(await ids(wing.nurse)) == {made["id"], said["id"]}
    assert await ids(wing.support_worker) == [said["id"]]
    await wing.support_worker.get(f"life-events/{made['id']}", expect=404)
    await wing.support_worker.move(
        f"life-events/{made['id']}", "entered_in_error", 404, reason="other_day"
    )
    refused = await wing.support_worker.post("life-events", found, 422)
    assert fields(refused) == [("fact", "clinicians_only")]
    prisoner = wing.as_person(mentee["person_id"])
    for caller in (wing.governor, wing.officer, prisoner):
        await caller.get("life-events", expect=403)
        await caller.post("life-events", event(mentee), 403)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"first_day": "2100-01-01"}, "first_day"),
        ({"first_day": "2020-01-01"}, "first_day"),
        ({"source": "wing_book"}, "source"),
        ({"kind": "disruptive_incident", "incident": "fight"}, "fact"),
        ({"incident": "fight"}, "incident"),
        ({"kind": "mental_health_contact", "fact": "staff_recorded"}, "fact"),
        ({"last_day": "2026-11-01"}, "last_day"),
        ({"kind": "self_seclusion", "last_day": "2100-01-01"}, "last_day"),
        ({"kind": "self_seclusion", "last_day": "2020-01-01"}, "last_day"),
        ({"kind": "became_mentor"}, "kind"),
        ({"mentee_id": "0198c0de-0000-7000-8000-000000000000"}, "mentee_id"),
    ],
)
async def test_what_cannot_be_so_is_refused_by_its_field(
    wing: Wing, change: dict[str, str], field: str
) -> None:
    mentee = await wing.engaged()
    refused = await wing.support_worker.post("life-events", event(mentee) | change, 422)
    assert [each for each, _ in fields(refused)] == [field]


@pytest.mark.parametrize("said", ["attempted_suicide", "Attempted suicide", "self_harm"])
async def test_an_attempt_on_ones_life_is_no_disruption(wing: Wing, said: str) -> None:
    mentee = await wing.engaged()
    body = event(mentee, "disruptive_incident", "staff_recorded", incident=said)
    refused = await wing.support_worker.post("life-events", body, 422)
    assert [each["field"] for each in refused["errors"]] == ["incident"]
    assert "no category of prison incidents" in refused["errors"][0]["message"]
    row = {"month": "2026-01-01", "incident": said, "number": 1}
    refused = await wing.governor.post("incident-counts/import", {"rows": [row]}, 422)
    assert [each["field"] for each in refused["errors"]] == ["rows.0.incident"]


async def test_the_same_is_entered_once_by_two_at_once_too(wing: Wing) -> None:
    mentee = await wing.engaged()
    both = (wing.clinician, wing.support_worker)
    answers = await asyncio.gather(
        *(caller.request("POST", "life-events", json=event(mentee)) for caller in both)
    )
    assert sorted(each.status_code for each in answers) == [201, 409]
    await wing.clinician.post("life-events", event(mentee, fact="clinical_finding"))
    (made,) = await ids(wing.support_worker)
    moved = await wing.support_worker.move(
        f"life-events/{made}", "entered_in_error", reason="entered_twice"
    )
    assert moved["status"] == "entered_in_error"
    assert moved["moves"] == []
    await wing.support_worker.post("life-events", event(mentee))
    history = await wing.support_worker.get(f"life-events/{made}/history")
    assert [each["to_state"] for each in history["items"]] == ["recorded", "entered_in_error"]


async def test_self_seclusion_goes_on_until_its_end_and_never_within_itself(wing: Wing) -> None:
    mentee = await wing.engaged()
    spell = event(mentee, "self_seclusion", "staff_recorded", first_day=day(9))
    made = await wing.support_worker.post("life-events", spell)
    await wing.support_worker.post("life-events", spell | {"first_day": day(2)}, 409)
    path = f"life-events/{made['id']}"
    for wrong in (day(10), day(-1)):
        refused = await wing.support_worker.patch(path, {"last_day": wrong}, 422)
        assert fields(refused) == [("last_day", "in_order")]
    ended = await wing.support_worker.patch(path, {"last_day": day(4)})
    assert ended["last_day"] == day(4)
    await wing.support_worker.patch(path, {"last_day": day(3)}, 409)
    await wing.support_worker.post("life-events", spell | {"first_day": day(3)})


async def test_a_period_is_told_beside_the_days_before_it_each_kind_of_fact_by_itself(
    wing: Wing,
) -> None:
    mentee = await wing.engaged()
    clock.forward(days=9)
    spell = event(mentee, "self_seclusion", "staff_recorded", first_day=day(6))
    for body in (
        spell,
        event(mentee, first_day=day(1)),
        event(mentee, first_day=day(6)),
        event(mentee, fact="clinical_finding", first_day=day(1)),
        event(mentee, first_day=day(40)),
    ):
        await wing.clinician.post("life-events", body)
    path = f"reports/life_events?from={day(4)}&to={day()}"
    found = await wing.governor.get(path)
    assert found["title"].endswith("before and after, without a comparison group")
    tables = {each["table"]: each for each in found["tables"]}

    def told(table: str, key: str) -> list[Any]:
        row = next(each for each in tables[table]["rows"] if each["key"] == key)
        return [row[name] for name in ("value", "of", "per_1000")]

    assert told("self_report", "self_care") == [1, 5, 200.0]
    assert told("self_report_before", "self_care") == [1, 5, 200.0]
    assert told("clinical_finding", "self_care") == [1, 5, 200.0]
    assert told("clinical_finding_before", "self_care") == [0, 5, 0.0]
    assert told("staff_recorded_before", "self_seclusion") == [1, 5, 200.0]
    assert told("self_seclusion", "staff_recorded") == [5, None, None]
    assert told("self_seclusion_before", "staff_recorded") == [2, None, None]
    assert await wing.support_worker.get(path) == found
    answer = await wing.governor.request("GET", f"{path}&format=csv")
    assert "self_report,self_care,rate,events,1,5,,200.0,5.06,1114.33," in answer.text
    answer = await wing.governor.request("GET", f"{path}&format=svg")
    assert "1 in 5 days (200 in 1,000)" in answer.text


async def test_groups_and_becoming_a_mentor_are_counted_from_their_own_records(
    wing: Wing,
) -> None:
    """Somebody in support comes to one group of two, and becomes a mentor."""
    offset = clock.offset()
    mentor = await wing.active_mentor()
    clock.forward(days=-9)
    mentee = await wing.engaged(person_id=mentor.person_id)
    clock.set_offset(offset)
    led = {"mentor": {"id": mentor.mentor_id}}
    async with wing.db.write(wing.prison_id) as db:
        for number, status in enumerate(("attended", "dna")):
            starts = clock.now() - timedelta(days=3 + number)
            ends = starts + timedelta(hours=1)
            when = {"starts_at": starts, "ends_at": ends, "kind": "group", "status": "held"}
            held = smallest(metadata.tables["session"], wing.prison_id, led) | when
            here = {"session": {**held, "id": (made := new_id())}, "mentee": {"id": mentee["id"]}}
            part = smallest(metadata.tables["participation"], wing.prison_id, here)
            during = {"status": status, "live": False, "during": Range(starts, ends, bounds="[)")}
            await db.execute(insert(metadata.tables["session"]), held | {"id": made})
            await db.execute(
                insert(metadata.tables["participation"]),
                part | during | {"id": new_id(), "session_id": made, "mentee_id": mentee["id"]},
            )
    found = await wing.governor.get(f"reports/life_events?from={day(8)}&to={day()}")
    table = next(each for each in found["tables"] if each["table"] == "staff_recorded")
    rows = {each["key"]: (each["value"], each["of"]) for each in table["rows"]}
    assert rows["group_attended"] == (1, 9)
    assert rows["became_mentor"] == (1, 9)
    assert rows["work_started"] == (0, 9)
