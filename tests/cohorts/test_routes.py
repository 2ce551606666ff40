"""Cohorts over HTTP: planned, held day by day, marked and corrected, completed."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from app import clock
from app.models.staff import StaffRole
from tests.story import Caller, Wing

MODULE = "managing_concerns"


def codes(problem: dict[str, Any]) -> list[str]:
    return [error["code"] for error in problem["errors"]]


def cohort_body(wing: Wing, **fields: Any) -> dict[str, Any]:
    lead = str(wing.nurse.staff_id)
    return {"title": "Spring course", "lead_id": lead, "modules": [MODULE], **fields}


def day_body(starts_at: datetime, module: str = MODULE, **fields: Any) -> dict[str, Any]:
    return {
        "module": module,
        "starts_at": clock.spell(starts_at),
        "ends_at": clock.spell(starts_at + timedelta(hours=3)),
        **fields,
    }


class Course:
    """A cohort with members, and its days."""

    def __init__(self, wing: Wing, cohort: Any, mentors: list[Any]) -> None:
        self.wing, self.path, self.mentors = wing, f"cohorts/{cohort['id']}", mentors

    async def day(self, starts_at: datetime, **fields: Any) -> str:
        made = await self.wing.nurse.post(f"{self.path}/days", day_body(starts_at, **fields))
        return f"{self.path}/days/{made['id']}"

    async def mark(self, day: str, *said: str, expect: int = 200) -> Any:
        marks = [
            {"mentor_id": mentor["id"], "status": status}
            for mentor, status in zip(self.mentors, said, strict=False)
        ]
        return await self.wing.nurse.put(f"{day}/attendance", {"marks": marks}, expect)

    async def training(self, number: int = 0, module: str = MODULE) -> Any:
        found = await self.wing.nurse.get(
            f"trainings?mentor_id={self.mentors[number]['id']}&module={module}"
        )
        return found["items"][0] if found["items"] else None


async def course(wing: Wing, members: int = 2, **fields: Any) -> Course:
    cohort = await wing.nurse.post("cohorts", cohort_body(wing, **fields))
    mentors = [await wing.approved() for _ in range(members)]
    for mentor in mentors:
        await wing.nurse.post(f"cohorts/{cohort['id']}/members", {"mentor_id": mentor["id"]})
    return Course(wing, cohort, mentors)


async def test_a_course_is_planned_held_marked_and_completed(wing: Wing) -> None:
    there = await course(wing)
    path = there.path
    refused = await wing.nurse.move(path, "running", expect=409)
    assert codes(refused) == ["has_days"]
    day = await there.day(clock.now() + timedelta(days=2))
    assert (await wing.nurse.move(path, "running"))["status"] == "running"
    assert codes(await wing.nurse.move(path, "completed", expect=409)) == [
        "every_day_held", "attendance_marked",
    ]  # fmt: skip
    refused = await there.mark(day, "present", "absent", expect=409)
    assert "beginning of the day" in refused["detail"]
    clock.forward(days=2, hours=4)
    refused = await wing.nurse.move(path, "completed", expect=409)
    assert refused["detail"] == "2 marks of attendance are missing."
    marked = await there.mark(day, "present", "excused")
    assert [each["status"] for each in marked["attendance"]] == ["present", "excused"]
    assert (await there.training(0))["status"] == "attended"
    assert await there.training(1) is None
    done = await wing.nurse.move(path, "completed")
    assert (done["status"], done["moves"]) == ("completed", [])
    refused = await wing.nurse.post(f"{path}/days", day_body(clock.now()), expect=409)
    assert refused["code"] == "cohort_over"


async def test_only_clinicians_write_and_a_nurse_or_the_lead_leads(wing: Wing) -> None:
    lead = await wing.hires(StaffRole.mental_health_lead)
    await wing.clinician.post("cohorts", cohort_body(wing, lead_id=str(lead.staff_id)))
    for caller in (wing.clinician, wing.support_worker):
        body = cohort_body(wing, lead_id=str(caller.staff_id))
        refused = await wing.nurse.post("cohorts", body, expect=422)
        assert (refused["errors"][0]["field"], codes(refused)) == ("lead_id", ["lead"])
    mentor = await wing.active_mentor()
    for caller in (wing.support_worker, wing.governor, mentor, wing.officer):
        await caller.post("cohorts", cohort_body(wing), expect=403)
    for modules, field in ((["first_aid"], "modules"), ([], "modules"), ([MODULE] * 2, "modules")):
        refused = await wing.nurse.post("cohorts", cohort_body(wing, modules=modules), expect=422)
        assert refused["errors"][0]["field"] == field
    there = await course(wing)
    changed = await wing.nurse.patch(there.path, {"lead_id": str(lead.staff_id)})
    assert changed["lead_id"] == str(lead.staff_id)
    refused = await wing.nurse.patch(
        there.path, {"lead_id": str(wing.clinician.staff_id)}, expect=422
    )
    assert codes(refused) == ["lead"]


async def test_a_mentor_sees_their_own_cohorts_days_and_marks(wing: Wing) -> None:
    there = await course(wing)
    elsewhere = await course(wing, members=1)
    day = await there.day(clock.now() - timedelta(hours=4))
    await there.mark(day, "present", "absent")
    first = there.mentors[0]
    himself = wing.as_person(first["person_id"], first["id"])
    assert [f"cohorts/{each['id']}" for each in (await himself.get("cohorts"))["items"]] == [
        there.path
    ]
    shown = await himself.get(there.path)
    assert shown["lead_name"] == wing.nurse.subject.title()
    assert [each["module"] for each in shown["days"]] == [MODULE]
    assert shown["moves"] == []
    await himself.get(elsewhere.path, expect=404)
    [mark] = (await himself.get(f"{there.path}/attendance"))["items"]
    assert (mark["mentor_id"], mark["status"]) == (first["id"], "present")
    [member] = (await himself.get(f"{there.path}/members"))["items"]
    assert member["mentor_id"] == first["id"]
    for reader in (wing.support_worker, wing.governor, wing.clinician):
        assert len((await reader.get(f"{there.path}/attendance"))["items"]) == 2
        assert len((await reader.get(f"{there.path}/members"))["items"]) == 2
    await wing.nurse.post(f"{there.path}/members/{member['id']}/leave", None, 200)
    await himself.get(there.path, expect=404)
    await wing.officer.get("cohorts", expect=403)


async def test_a_mark_is_corrected_with_its_history_until_the_module_is_assessed(
    wing: Wing,
) -> None:
    there = await course(wing)
    day = await there.day(clock.now() - timedelta(hours=4))
    marked = await there.mark(day, "present", "present")
    assert (await there.training())["status"] == "attended"
    corrected = await there.mark(day, "absent")
    assert [each["status"] for each in corrected["attendance"]] == ["absent", "present"]
    assert corrected["version"] > marked["version"]
    assert (await there.training())["status"] == "not_started"
    history = await wing.nurse.get(f"trainings/{(await there.training())['id']}/history")
    assert history["items"][-1]["reason"] == "attendance_corrected"
    await there.mark(day, "present")
    training = await there.training()
    assert training["status"] == "attended"
    await wing.nurse.move(f"trainings/{training['id']}", "assessed")
    refused = await there.mark(day, "excused", "absent", expect=409)
    assert codes(refused) == ["not_assessed_since"]
    assert refused["errors"][0]["field"] == "marks.0.status"
    found = (await wing.nurse.get(f"{there.path}/attendance"))["items"]
    assert {each["status"] for each in found} == {"present"}  # nothing half-done
    assert (await there.training(1))["status"] == "attended"


async def test_a_mark_takes_back_only_what_stands_on_it_alone(wing: Wing) -> None:
    there = await course(wing, members=1)
    first = await there.day(clock.now() - timedelta(days=2))
    second = await there.day(clock.now() - timedelta(days=1))
    await there.mark(first, "present")
    await there.mark(second, "present")
    await there.mark(second, "absent")
    training = await there.training()
    assert training["status"] == "attended"  # on the first day
    await wing.nurse.move(f"trainings/{training['id']}", "assessed")
    await there.mark(second, "present")
    await there.mark(second, "absent")  # nor does it undo what was assessed before it
    assert (await there.training())["status"] == "assessed"


async def test_a_day_before_a_referral_back_holds_up_no_later_mark(wing: Wing) -> None:
    there = await course(wing, members=1)
    first = await there.day(clock.now() - timedelta(hours=4))
    await there.mark(first, "present")
    path = f"trainings/{(await there.training())['id']}"
    await wing.nurse.move(path, "assessed")
    await wing.nurse.move(path, "refer")
    clock.forward(days=2)
    again = await there.day(clock.now() - timedelta(hours=4))
    await there.mark(again, "present")
    assert (await wing.nurse.get(path))["status"] == "attended"
    await there.mark(again, "absent")  # the first day led to the referral: it is no attendance now
    assert (await wing.nurse.get(path))["status"] == "not_started"


async def test_a_day_before_the_modules_last_move_changes_nothing(wing: Wing) -> None:
    there = await course(wing, members=1)
    day = await there.day(clock.now() - timedelta(hours=4))
    body = {"mentor_id": there.mentors[0]["id"], "module": MODULE}
    training = await wing.nurse.post("trainings", body)
    path = f"trainings/{training['id']}"
    for to in ("attended", "assessed", "refer"):
        await wing.nurse.move(path, to)
    await there.mark(day, "present")
    assert (await wing.nurse.get(path))["status"] == "refer"
    clock.forward(days=1)
    later = await there.day(clock.now() - timedelta(hours=1))
    await there.mark(later, "present")
    assert (await wing.nurse.get(path))["status"] == "attended"


async def test_bad_marks_are_named_and_nothing_is_half_done(wing: Wing) -> None:
    there = await course(wing)
    day = await there.day(clock.now() - timedelta(hours=4))
    stranger = await wing.approved()
    there.mentors.append(stranger)
    refused = await there.mark(day, "present", "present", "present", expect=422)
    assert (refused["errors"][0]["field"], codes(refused)) == (
        "marks.2.mentor_id", ["not_a_member"],
    )  # fmt: skip
    assert await there.training() is None
    mark = {"mentor_id": there.mentors[0]["id"], "status": "present"}
    twice = {"marks": [mark, mark]}
    await wing.nurse.put(f"{day}/attendance", twice, 422)
    late = {"marks": [{**mark, "status": "late"}]}
    refused = await wing.nurse.put(f"{day}/attendance", late, 422)
    assert refused["errors"][0]["field"].endswith("status")
    other = await course(wing, members=1)
    foreign = day.replace(there.path, other.path)
    await wing.nurse.put(f"{foreign}/attendance", {"marks": [mark]}, 404)
    await wing.nurse.put(f"{day}/attendance", {"marks": [mark]}, 428, headers={})


async def test_of_two_who_mark_the_same_day_one_must_look_again(wing: Wing) -> None:
    there = await course(wing, members=1)
    day = await there.day(clock.now() - timedelta(hours=4))
    bodies = [
        {"marks": [{"mentor_id": there.mentors[0]["id"], "status": status}]}
        for status in ("present", "absent")
    ]
    replies = await asyncio.gather(
        *[
            wing.nurse.request("PUT", f"{day}/attendance", json=each, headers={"If-Match": '"1"'})
            for each in bodies
        ]
    )
    assert sorted(reply.status_code for reply in replies) == [200, 412]


async def test_a_day_is_moved_or_called_off_until_it_is_marked(wing: Wing) -> None:
    there = await course(wing, members=1)
    room = await wing.room()
    day = await there.day(clock.now() - timedelta(hours=4), room_id=room["id"])
    off = await there.day(clock.now() + timedelta(days=3))
    assert (await wing.nurse.patch(off, {"called_off": True}))["called_off"] is True
    assert "called off" in (await there.mark(off, "present", expect=409))["detail"]
    backwards = {"ends_at": clock.spell(clock.now() - timedelta(hours=5))}
    refused = await wing.nurse.patch(day, backwards, expect=422)
    assert refused["errors"][0]["field"] == "ends_at"
    moved = await wing.nurse.patch(day, {"room_id": None})
    assert moved["room_id"] is None
    await there.mark(day, "present")
    refused = await wing.nurse.patch(day, {"called_off": True}, expect=409)
    assert refused["code"] == "day_marked"
    for body, field in (
        (day_body(clock.now(), "how_to_speak_with_people"), "module"),
        (day_body(clock.now(), room_id=there.mentors[0]["id"]), "room_id"),
        ({**day_body(clock.now()), "ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
    ):
        refused = await wing.nurse.post(f"{there.path}/days", body, expect=422)
        assert field in refused["errors"][0]["field"]
    await wing.nurse.move(there.path, "running")
    await wing.nurse.move(there.path, "completed")  # the day called off is not waited for


async def test_a_cohort_is_cancelled_for_a_reason_and_marked_no_more(wing: Wing) -> None:
    there = await course(wing, members=1)
    day = await there.day(clock.now() - timedelta(hours=4))
    assert (await wing.nurse.move(there.path, "cancelled", expect=422))["errors"]
    await wing.nurse.move(there.path, "cancelled", reason="too_few_members")
    assert "called off" in (await there.mark(day, "present", expect=409))["detail"]
    history = (await wing.governor.get(f"{there.path}/history"))["items"]
    assert history[-1]["reason"] == "too_few_members"


async def test_who_is_in_is_approved_and_in_once(wing: Wing) -> None:
    there = await course(wing, members=1)
    members = f"{there.path}/members"
    again = {"mentor_id": there.mentors[0]["id"]}
    assert (await wing.nurse.post(members, again, expect=409))["code"] == "already_exists"
    applicant = await wing.applicant()
    refused = await wing.nurse.post(members, {"mentor_id": applicant["id"]}, expect=422)
    assert codes(refused) == ["not_approved"]


async def test_a_day_entered_late_of_an_ended_mentor_is_marked_and_trains_nobody(
    wing: Wing,
) -> None:
    there = await course(wing, members=1)
    day = await there.day(clock.now() - timedelta(hours=4))
    gone = there.mentors[0]["id"]
    await wing.support_worker.move(f"mentors/{gone}", "transferred")
    marked = await there.mark(day, "present")
    assert marked["attendance"][0]["status"] == "present"
    assert await there.training() is None


async def test_a_day_of_a_module_retired_since_is_marked_and_trains_nobody(wing: Wing) -> None:
    module = await wing.nurse.post("modules", {"code": "sleep_and_rest", "title": "Sleep and rest"})
    there = await course(wing, members=1, modules=[module["code"]])
    day = await there.day(clock.now() - timedelta(hours=4), module=module["code"])
    await wing.nurse.move(f"modules/{module['id']}", "retired")
    marked = await there.mark(day, "present")
    assert marked["attendance"][0]["status"] == "present"
    assert await there.training(module=module["code"]) is None


async def test_a_cohort_planned_twice_under_one_key_is_one(wing: Wing) -> None:
    key = {"Idempotency-Key": "plan-1"}
    first = await wing.nurse.post("cohorts", cohort_body(wing), headers=key)
    assert await wing.nurse.post("cohorts", cohort_body(wing), headers=key) == first
    callers: list[Caller] = [wing.nurse, wing.governor]
    for caller in callers:
        assert len((await caller.get("cohorts?status=planned"))["items"]) == 1
