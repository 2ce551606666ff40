"""What the prison has planned: entered, taken in and followed; seen by whom it concerns."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.cli import importing as command
from app.config import Settings
from tests.recorded import HMPPS, recorded
from tests.story import Wing

PATH = "prison-events"
IMPORT = f"{PATH}/import"
NOBODY = "0198c0de-0000-7000-8000-000000000009"
START, END = "2026-11-24T14:00:00+00:00", "2026-11-24T16:00:00+00:00"


def schedule(number: str, **changes: Any) -> dict[str, Any]:
    return {
        "offenderNo": number,
        "eventId": 4711,
        "event": "CRT",
        "eventType": "COURT",
        "eventDescription": "Court Appearance",
        "comment": "His brother's case",
        "eventStatus": "SCH",
        "startTime": "2026-11-24T10:00:00",
        **changes,
    }


async def number_of(wing: Wing) -> str:
    return str((await wing.person())["number"])


async def imports(wing: Wing, *events: dict[str, Any]) -> list[str]:
    report = await wing.support_worker.post(IMPORT, list(events))
    assert "A" not in json.dumps([row["reason"] or "" for row in report["rows"]])
    return [row["outcome"] for row in report["rows"]]


async def the_only(wing: Wing) -> Any:
    [event] = (await wing.support_worker.get(PATH))["items"]
    return event


async def entered(wing: Wing, **fields: Any) -> Any:
    body = {"kind": "visit", "starts_at": START, "ends_at": END, **fields}
    if "person_id" not in body:
        body["person_id"] = (await wing.person())["id"]
    return await wing.support_worker.post(PATH, body)


@pytest.mark.parametrize("who", ["support_worker", "officer"])
async def test_those_who_bring_people_there_enter_change_and_cancel(wing: Wing, who: str) -> None:
    caller = getattr(wing, who)
    body = {"person_id": (await wing.person())["id"], "kind": "visit", "starts_at": START}
    made = await caller.post(PATH, body)
    assert (made["ends_at"], made["end_assumed"], made["source"]) == (END, True, "staff")
    assert "source_id" not in made
    path = f"{PATH}/{made['id']}"
    moved = await caller.patch(path, {"starts_at": "2026-11-24T15:00:00+00:00"})
    assert moved["ends_at"] == "2026-11-24T17:00:00+00:00", "an end nobody said moves along"
    said = await caller.patch(path, {"ends_at": END})
    assert (said["ends_at"], said["end_assumed"], said["version"]) == (END, False, 3)
    cancelled = await caller.post(f"{path}/cancellation", None, 200)
    assert cancelled["cancelled_by"] == caller.subject
    for method, rest, sent in (("PATCH", "", {"kind": "court"}), ("POST", "/cancellation", None)):
        answer = await caller.request(method, path + rest, json=sent, headers={"If-Match": '"4"'})
        assert answer.json()["code"] == "conflict"


async def test_clinicians_see_when_and_not_what(wing: Wing) -> None:
    made = await entered(wing)
    seen = await wing.clinician.get(f"{PATH}/{made['id']}")
    assert set(seen) == {
        "id", "version", "recorded_at", "person_id", "starts_at", "ends_at", "cancelled_at",
    }  # fmt: skip
    assert (await wing.nurse.get(PATH))["items"] == [seen]
    refused = await wing.clinician.get(f"{PATH}?kind=visit", expect=422)
    assert refused["errors"][0]["field"] == "kind"
    row = {name: value for name, value in made.items() if name != "planned"}
    assert (await wing.officer.get(f"{PATH}?kind=visit"))["items"] == [row]
    assert (await wing.officer.get(f"{PATH}?kind=court"))["items"] == []


async def test_no_prisoner_and_no_governor_sees_any_and_clinicians_enter_none(wing: Wing) -> None:
    mentor = await wing.founder()
    made = await entered(wing, person_id=str(mentor.person_id))
    for caller in (mentor, wing.governor):
        await caller.get(PATH, expect=403)
        await caller.get(f"{PATH}/{made['id']}", expect=403)
    body = {"person_id": str(mentor.person_id), "kind": "court", "starts_at": START}
    for caller in (mentor, wing.governor, wing.clinician):
        await caller.post(PATH, body, 403)
        await caller.patch(f"{PATH}/{made['id']}", {"kind": "court"}, 403)
        await caller.post(f"{PATH}/{made['id']}/cancellation", None, 403)


async def test_lists_are_narrowed(wing: Wing) -> None:
    one = await entered(wing)
    other = await entered(wing, starts_at="2026-11-25T09:00:00Z", ends_at="2026-11-25T10:00:00Z")
    await wing.support_worker.post(f"{PATH}/{other['id']}/cancellation", None, 200)

    async def found(query: str) -> list[str]:
        rows = (await wing.support_worker.get(f"{PATH}?{query}"))["items"]
        return [row["id"] for row in rows]

    assert await found("sort=-starts_at") == [other["id"], one["id"]]
    assert await found("live=true") == [one["id"]]
    assert await found(f"person_id={other['person_id']}") == [other["id"]]
    assert await found("ends_after=2026-11-24T16:00:00Z") == [other["id"]]
    assert await found("starts_before=2026-11-24T14:00:00Z") == []


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"person_id": NOBODY}, "person_id"),
        ({"kind": "dentist"}, "kind"),
        ({"ends_at": START}, "ends_at"),
        ({"ends_at": "2026-12-31T00:00:00+00:00"}, "ends_at"),
        ({"starts_at": "2026-11-24T14:00:00"}, "starts_at"),
        ({"comment": "the dentist"}, "comment"),
    ],
)
async def test_a_mistake_names_its_field(wing: Wing, fields: dict[str, Any], named: str) -> None:
    body = {"person_id": (await wing.person())["id"], "kind": "visit", "starts_at": START, **fields}
    refused = await wing.support_worker.post(PATH, body, 422)
    assert refused["errors"][0]["field"] == named


async def test_a_change_must_make_sense_too(wing: Wing) -> None:
    made = await entered(wing)
    refused = await wing.support_worker.patch(f"{PATH}/{made['id']}", {"starts_at": END}, 422)
    assert refused["errors"][0]["field"] == "ends_at"
    await wing.support_worker.patch(f"{PATH}/{made['id']}", {"kind": None}, 422)
    await wing.support_worker.patch(f"{PATH}/{made['id']}", {"kind": "court"}, 428, headers={})


async def test_a_file_is_taken_in_followed_and_the_second_time_nothing_changes(wing: Wing) -> None:
    number = await number_of(wing)
    assert await imports(wing, schedule(number), schedule("Z9999ZZ")) == ["created", "kept_out"]
    made = await the_only(wing)
    assert (made["kind"], made["ends_at"]) == ("court", "2026-11-24T18:00:00+00:00")
    assert await imports(wing, schedule(number)) == ["unchanged"]
    assert await the_only(wing) == made
    later = schedule(number, startTime="2026-11-25T10:00:00")
    assert await imports(wing, later) == ["updated"]
    moved = await the_only(wing)
    assert (moved["id"], moved["starts_at"]) == (made["id"], "2026-11-25T10:00:00+00:00")
    off = {**later, "eventStatus": "CANC"}
    assert [await imports(wing, off), await imports(wing, off)] == [["cancelled"], ["unchanged"]]
    gone = await the_only(wing)
    assert gone["cancelled_at"]
    assert gone["cancelled_by"] is None
    assert await imports(wing, later) == ["updated"], "it takes place after all"
    assert (await the_only(wing))["cancelled_at"] is None


async def test_what_staff_cancelled_stays_so_until_the_source_says_something_new(
    wing: Wing,
) -> None:
    number = await number_of(wing)
    await imports(wing, schedule(number))
    made = await the_only(wing)
    refused = await wing.support_worker.patch(f"{PATH}/{made['id']}", {"kind": "visit"}, 409)
    assert refused["code"] == "conflict"
    await wing.officer.post(f"{PATH}/{made['id']}/cancellation", None, 200)
    assert await imports(wing, schedule(number)) == ["unchanged"]
    assert (await the_only(wing))["cancelled_by"] == wing.officer.subject
    assert await imports(wing, schedule(number, endTime="2026-11-24T12:00:00")) == ["updated"]
    stands = await the_only(wing)
    assert (stands["cancelled_at"], stands["cancelled_by"]) == (None, None)


async def test_two_of_the_same_in_a_file_are_one_and_a_second_import_changes_nothing(
    wing: Wing,
) -> None:
    number = await number_of(wing)
    short = schedule(number, eventId=None, event="MEDE", eventType=None,
                     endTime="2026-11-24T10:30:00")  # fmt: skip
    long = {**short, "event": "GOVE", "endTime": "2026-11-24T11:30:00"}
    assert await imports(wing, short, long) == ["unchanged", "created"]
    made = await the_only(wing)
    assert made["ends_at"] == "2026-11-24T11:30:00+00:00"
    assert await imports(wing, short, long) == ["unchanged", "unchanged"]
    assert await the_only(wing) == made


async def test_what_is_cancelled_and_not_known_is_not_made(wing: Wing) -> None:
    off = schedule(await number_of(wing), eventStatus="CANC")
    assert await imports(wing, off) == ["unchanged"]
    assert (await wing.support_worker.get(PATH))["items"] == []


async def test_an_event_that_ends_before_it_begins_or_never_is_refused(wing: Wing) -> None:
    number = await number_of(wing)
    before = schedule(number, endTime="2026-11-24T09:00:00")
    never = schedule(number, endTime="2027-11-24T09:00:00")
    report = await wing.support_worker.post(IMPORT, [before, never])
    assert [(row["outcome"], row["field"]) for row in report["rows"]] == [
        ("refused", "endTime"),
        ("refused", "endTime"),
    ]


async def test_one_that_is_refused_takes_the_place_of_no_other(wing: Wing) -> None:
    number = await number_of(wing)
    never = schedule(number, endTime="2027-11-24T09:00:00")
    assert await imports(wing, never, schedule(number)) == ["refused", "created"]
    assert (await the_only(wing))["kind"] == "court"


async def test_a_person_is_found_by_every_number_that_was_theirs(wing: Wing) -> None:
    person, old = await wing.person(), "B4711BB"
    merge = {"number": person["number"], "removed_number": old}
    await wing.support_worker.post("people/merges", merge, 200)
    assert await imports(wing, schedule(old)) == ["created"]
    assert await imports(wing, schedule(person["number"])) == ["unchanged"]
    assert (await the_only(wing))["person_id"] == person["id"]


async def test_nothing_of_what_an_event_is_for_is_kept(wing: Wing) -> None:
    await imports(wing, schedule(await number_of(wing), event="MEDE", eventType=None))
    rows = await wing.db.fetch(
        wing.prison_id, "SELECT to_jsonb(e)::text AS whole FROM prison_event e"
    )
    for word in ("MEDE", "brother", "Court"):
        assert word not in rows[0]["whole"]


async def test_a_machine_with_the_scope_takes_them_in_and_nobody_else(wing: Wing) -> None:
    machine = await wing.lets_in("events.write")
    number = await number_of(wing)
    report = await machine.post(IMPORT, [schedule(number)])
    assert report["counts"]["created"] == 1
    await machine.get(PATH, expect=403)
    others = [wing.clinician, wing.governor, wing.officer, await wing.lets_in("concerns.read")]
    for caller in [*others, await wing.founder()]:
        await caller.post(IMPORT, [schedule(number)], 403)


async def test_a_file_that_is_cut_off_is_refused_whole(wing: Wing) -> None:
    cut = json.dumps([schedule(await number_of(wing))])[:-4].encode()
    refused = await wing.support_worker.post(IMPORT, expect=422, content=cut)
    assert refused["errors"][0]["code"] == "file_refused"
    assert (await wing.support_worker.get(PATH))["items"] == []


@recorded
async def test_the_command_reports_every_file_and_a_bad_one_spoils_no_other(
    wing: Wing, settings: Settings, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    await wing.person(number="A5193DY")
    files = [bad, *sorted((HMPPS / "prison-api-schedules").glob("*.json"))]
    hows = dict.fromkeys(files, command.events)
    taken = await command.take_in(settings, wing.prison_id, hows, "cli.import_schedules")
    assert [each.report is None for each in taken] == [True, False, False, False, False]
    counts = [
        [each.report.counts[outcome] for outcome in ("created", "kept_out")]
        for each in taken
        if each.report
    ]
    assert counts == [[1, 1], [1, 1], [0, 2], [1, 1]]
    kinds = [row["kind"] for row in (await wing.support_worker.get(PATH))["items"]]
    assert sorted(kinds) == ["activity", "appointment", "visit"]
