"""Non-associations over HTTP: taken in, binding, lifted, and read by nobody."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app import clock
from app.cli import importing as command
from app.config import Settings
from tests.non_associations.test_parse import own_list, pair
from tests.sessions.scene import a_scene, tomorrow
from tests.story import Caller, Wing

IMPORT = "non-associations/import"


async def imports(wing: Wing, *pairs: dict[str, Any], expect: int = 201) -> Any:
    return await wing.support_worker.post(IMPORT, list(pairs), expect)


def between(one: str, other: str, **changes: Any) -> dict[str, Any]:
    return pair(firstPrisonerNumber=one, secondPrisonerNumber=other, **changes)


def outcomes(report: Any) -> list[str]:
    return [row["outcome"] for row in report["rows"]]


async def number_of(wing: Wing, person_id: Any) -> str:
    return str((await wing.support_worker.get(f"people/{person_id}"))["number"])


async def two(wing: Wing) -> tuple[Caller, Any, dict[str, Any]]:
    """A mentor and a mentee, and the non-association there would be between them."""
    mentor, mentee = await wing.active_mentor(), await wing.offered()
    numbers = [
        await number_of(wing, person_id) for person_id in (mentor.person_id, mentee["person_id"])
    ]
    return mentor, mentee, between(*numbers)


def body(mentor: Caller, mentee: Any) -> dict[str, Any]:
    return {"mentor_id": str(mentor.mentor_id), "mentee_id": mentee["id"]}


async def may_meet(caller: Caller, mentor: Caller, mentee: Any) -> str:
    return str((await caller.post("pairings/check", body(mentor, mentee), 200))["may_meet"])


async def test_a_file_is_taken_in_and_the_second_time_nothing_changes(wing: Wing) -> None:
    one, bad = between("B0001AA", "B0002AA"), between("B0001AA", "B1", id=2)
    first = await imports(wing, one, bad)
    assert first["counts"] == {"created": 1, "updated": 0, "unchanged": 0, "refused": 1}
    assert first["rows"][1]["field"] == "secondPrisonerNumber"
    assert "B000" not in json.dumps(first)
    assert outcomes(await imports(wing, one)) == ["unchanged"]
    wider = {**one, "restrictionType": "WING", "whenUpdated": "2026-01-01T00:00:00"}
    assert outcomes(await imports(wing, wider)) == ["updated"]


async def test_a_machine_with_the_scope_takes_them_in_and_nobody_else(wing: Wing) -> None:
    machine = await wing.lets_in("events.write")
    assert outcomes(await machine.post(IMPORT, own_list())) == []
    others = [wing.clinician, wing.governor, wing.officer, await wing.lets_in("concerns.read")]
    for caller in [*others, await wing.founder()]:
        await caller.post(IMPORT, [pair()], 403)


async def test_a_file_that_is_cut_off_is_refused_whole(wing: Wing) -> None:
    cut = json.dumps([pair()])[:-4].encode()
    refused = await wing.support_worker.post(IMPORT, expect=422, content=cut)
    assert refused["errors"][0]["code"] == "file_refused"
    assert refused["line"] == 1


async def test_two_whom_the_prison_keeps_apart_are_not_paired_and_nobody_is_told_why(
    wing: Wing,
) -> None:
    mentor, mentee, apart = await two(wing)
    assert await may_meet(wing.support_worker, mentor, mentee) == "yes"
    await imports(wing, apart)
    refused = await wing.support_worker.post("pairings", body(mentor, mentee), 409)
    assert [error["code"] for error in refused["errors"]] == ["check_with_staff"]
    assert "association" not in json.dumps(refused).lower()
    assert await may_meet(wing.support_worker, mentor, mentee) == "check_with_staff"
    assert await may_meet(wing.clinician, mentor, mentee) == "no"
    closed = {"isOpen": False, "isClosed": True, "whenUpdated": "2026-01-01T00:00:00"}
    assert outcomes(await imports(wing, {**apart, **closed})) == ["updated"]
    assert await may_meet(wing.support_worker, mentor, mentee) == "yes"
    assert (await wing.pairs(mentor, mentee["id"]))["status"] == "live"


CLOSED = {"isOpen": False, "isClosed": True}


async def test_a_time_to_come_lifts_no_pair_and_outdates_nothing(wing: Wing) -> None:
    mentor, mentee, apart = await two(wing)
    await imports(wing, apart)
    ahead = (clock.now() + timedelta(days=1)).isoformat()
    for when in (ahead, "2199-01-01T00:00:00", None):
        report = await imports(wing, {**apart, **CLOSED, "whenCreated": None, "whenUpdated": when})
        assert outcomes(report) == ["unchanged"]
        assert report["rows"][0]["field"] == "whenUpdated"
        assert await may_meet(wing.clinician, mentor, mentee) == "no"
    await imports(wing, {**apart, "whenUpdated": ahead})
    lifted = {**apart, **CLOSED, "whenUpdated": "2026-01-01T00:00:00"}
    assert outcomes(await imports(wing, lifted)) == ["updated"]
    assert await may_meet(wing.clinician, mentor, mentee) == "yes"


async def test_whatever_says_that_a_pair_stands_opens_it_again_however_old(wing: Wing) -> None:
    mentor, mentee, apart = await two(wing)
    lifted = {**apart, **CLOSED, "whenUpdated": "2026-01-01T00:00:00"}
    for old in (apart, {**apart, "whenCreated": None, "whenUpdated": None}):
        await imports(wing, apart)
        await imports(wing, lifted)
        assert await may_meet(wing.clinician, mentor, mentee) == "yes"
        assert outcomes(await imports(wing, old)) == ["updated"]
        assert await may_meet(wing.clinician, mentor, mentee) == "no"
    behind = {**lifted, "whenUpdated": "2025-12-01T00:00:00"}
    assert outcomes(await imports(wing, behind)) == ["unchanged"]
    assert await may_meet(wing.clinician, mentor, mentee) == "no"


async def comes(wing: Wing, number: str) -> Any:
    """Somebody comes, and is accepted as a mentee."""
    person = await wing.person(number=number)
    referral = {"person_id": person["id"], "referred_by": "support_worker"}
    mentee = await wing.support_worker.post("mentees", referral)
    for to in ("triage", "accepted"):
        await wing.support_worker.move(f"mentees/{mentee['id']}", to)
    return mentee


async def renumbers(wing: Wing, old: str, new: str, expect: int = 200) -> None:
    told = {"number": new, "removed_number": old}
    await wing.support_worker.post("people/merges", told, expect)


async def test_a_known_id_is_never_turned_to_two_others(wing: Wing) -> None:
    mentor, mentee, apart = await two(wing)
    await imports(wing, apart)
    others = between("B0001AA", "B0002AA", whenUpdated="2026-01-01T00:00:00")
    report = await imports(wing, others)
    assert outcomes(report) == ["created"]
    assert report["rows"][0]["field"] == "id"
    assert "B000" not in json.dumps(report)
    lifted = {**others, **CLOSED, "whenUpdated": "2026-01-02T00:00:00"}
    assert outcomes(await imports(wing, lifted)) == ["updated"]
    assert await may_meet(wing.clinician, mentor, mentee) == "no"


async def test_who_got_another_number_before_anybody_knew_them_is_kept_apart(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    number = await number_of(wing, mentor.person_id)
    await imports(wing, between("B0006AA", number))
    await renumbers(wing, "B0006AA", "B0007AA", expect=404)
    assert outcomes(await imports(wing, between("B0007AA", number))) == ["created"]
    mentee = await comes(wing, "B0007AA")
    assert await may_meet(wing.clinician, mentor, mentee) == "no"


async def test_a_pair_is_lifted_under_a_number_that_one_of_them_got_since(wing: Wing) -> None:
    mentor, mentee, apart = await two(wing)
    old, other = apart["firstPrisonerNumber"], apart["secondPrisonerNumber"]
    await imports(wing, apart)
    await imports(wing, between("B0008AA", other))
    await renumbers(wing, old, "B0008AA")
    assert await may_meet(wing.clinician, mentor, mentee) == "no"
    lifted = {**between("B0008AA", other), **CLOSED, "whenUpdated": "2026-01-01T00:00:00"}
    assert outcomes(await imports(wing, lifted)) == ["updated"]
    assert await may_meet(wing.clinician, mentor, mentee) == "yes"


async def test_a_pair_binds_a_person_who_comes_later_and_one_known_by_another_number(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    number = await number_of(wing, mentor.person_id)
    await imports(wing, between(number, "B0003AB"), between("B0004AB", "B0005AB", id=2))
    late, merged = await comes(wing, "B0003AB"), await comes(wing, "B0004AB")
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(
            text("UPDATE person_identity SET numbers = numbers || 'B0005AB'::text WHERE id ="
                 " (SELECT identity_id FROM person WHERE id = :id)"),
            {"id": str(mentor.person_id)},
        )  # fmt: skip
    for mentee in (late, merged):
        assert await may_meet(wing.clinician, mentor, mentee) == "no"


async def test_a_live_pair_that_is_kept_apart_from_now_on_waits_for_reassignment(
    wing: Wing,
) -> None:
    mentor, mentee, apart = await two(wing)
    pairing = await wing.pairs(mentor, mentee["id"])
    await imports(wing, apart)
    path = f"pairings/{pairing['id']}"
    shown = await wing.support_worker.get(path)
    assert shown["status"] == "to_reassign"
    assert (await mentor.get("mentees"))["items"] == []
    refused = await wing.support_worker.move(path, "live", 409)
    assert [error["code"] for error in refused["errors"]] == ["check_with_staff"]


async def test_what_is_planned_between_two_who_are_kept_apart_is_cancelled_and_a_mentor_sought(
    wing: Wing,
) -> None:
    scene = await a_scene(wing, mentees=2)
    first, other = [await wing.support_worker.get(f"mentees/{each}") for each in scene.mentees]
    both = [
        await number_of(wing, person_id)
        for person_id in (scene.mentor.person_id, first["person_id"])
    ]
    alone, group = await scene.books(tomorrow(9)), await scene.group(tomorrow(11))
    theirs = await scene.books(tomorrow(13), mentee_ids=[other["id"]])
    for _ in range(2):
        await imports(wing, between(*both))
    for session, status in ((alone, "cancelled"), (group, "planned"), (theirs, "planned")):
        shown = await wing.support_worker.get(f"sessions/{session['id']}")
        assert shown["status"] == status
    parts = (await wing.support_worker.get(f"sessions/{group['id']}"))["participations"]
    assert {each["mentee_id"]: each["status"] for each in parts} == {
        first["id"]: "cancelled",
        other["id"]: "offered",
    }
    tasks = (await wing.support_worker.get("tasks?status=open"))["items"]
    (task,) = [each for each in tasks if each["kind"] == "reassignment_due"]
    assert "association" not in json.dumps(task)


async def test_a_pairing_made_in_the_same_instant_is_not_left_live(wing: Wing) -> None:
    for _ in range(3):
        mentor, mentee, apart = await two(wing)
        made, _ = await asyncio.gather(
            wing.support_worker.request("POST", "pairings", json=body(mentor, mentee)),
            imports(wing, {**apart, "id": int(mentee["person_id"][-6:], 16) + 1}),
        )
        assert made.status_code in {201, 409}
        rows = (await wing.support_worker.get(f"pairings?mentee_id={mentee['id']}"))["items"]
        assert all(row["status"] == "to_reassign" for row in rows)


async def test_nothing_about_a_pair_can_be_read(wing: Wing) -> None:
    await imports(wing, pair())
    for path in ("non-associations", IMPORT):
        answer = await wing.support_worker.request("GET", path)
        assert answer.status_code in {404, 405}
    async with wing.db.write(wing.prison_id) as session:
        found = await session.execute(text("SELECT payload, topic FROM outbox"))
        said = " ".join(f"{row.topic} {row.payload}" for row in found)
    assert "non_association.recorded" in said
    assert "G0346VF" not in said


async def test_the_command_reports_every_file_and_a_bad_one_spoils_no_other(
    wing: Wing, settings: Settings, tmp_path: Path
) -> None:
    good, cut = tmp_path / "good.json", tmp_path / "cut.json"
    good.write_text(json.dumps(own_list()))
    cut.write_text("[{")
    files = [cut, good, tmp_path / "none.json"]
    hows = dict.fromkeys(files, command.pairs)
    taken = await command.take_in(settings, wing.prison_id, hows, "cli.import_non_associations")
    assert [each.report is None for each in taken] == [True, False, True]
    assert "cut off" in str(taken[0].refused)
