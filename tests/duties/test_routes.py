from asyncio import gather
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from app import clock
from app.models.duties import Post
from app.models.staff import StaffRole
from app.services import duties
from tests.story import Caller, Wing


def hours(number: float) -> str:
    return clock.spell(clock.now() + timedelta(hours=number))


async def puts_on_duty(
    by: Caller, who: Caller, post: str = "clinician", ends_at: str | None = None
) -> Any:
    body = {"staff_id": str(who.staff_id), "post": post, "starts_at": hours(-1)}
    return await by.post("duties", {**body, "ends_at": ends_at})


async def test_a_duty_is_listed_while_it_lasts(wing: Wing) -> None:
    duty = await puts_on_duty(wing.clinician, wing.nurse, ends_at=hours(8))
    for at, expected in ((hours(0), [duty["id"]]), (hours(9), []), (hours(-2), [])):
        listed = await wing.officer.get("duties", params={"at": at, "post": "clinician"})
        assert [item["id"] for item in listed["items"]] == expected
    assert (await wing.officer.get("duties", params={"post": "duty_governor"}))["items"] == []


async def test_who_is_on_duty_is_told_by_post(wing: Wing) -> None:
    await puts_on_duty(wing.clinician, wing.nurse)
    await puts_on_duty(wing.clinician, wing.nurse)
    await puts_on_duty(wing.governor, wing.governor, "last_resort")
    await puts_on_duty(wing.support_worker, wing.officer, "orderly_officer", ends_at=hours(1))
    found = await on_duty(wing, clock.now())
    assert found[Post.clinician] == [wing.nurse.staff_id]
    assert found[Post.last_resort] == [wing.governor.staff_id]
    assert found[Post.orderly_officer] == [wing.officer.staff_id]
    assert found[Post.duty_governor] == []
    later = await on_duty(wing, clock.now() + timedelta(hours=1))
    assert later[Post.orderly_officer] == []


async def on_duty(wing: Wing, now: datetime) -> dict[Post, list[Any]]:
    async with wing.db.write(wing.prison_id) as db:
        return await duties.on_duty(db, wing.prison_id, now)


async def test_someone_who_left_the_scheme_is_not_on_duty(wing: Wing) -> None:
    await puts_on_duty(wing.clinician, wing.nurse)
    await wing.governor.patch(f"staff/{wing.nurse.staff_id}", {"active": False})
    assert (await on_duty(wing, clock.now()))[Post.clinician] == []
    body = {"staff_id": str(wing.nurse.staff_id), "post": "clinician", "starts_at": hours(0)}
    refused = await wing.clinician.post("duties", body, 422)
    assert refused["errors"][0] == {
        "field": "staff_id",
        "code": "not_active",
        "message": "must be an active member of staff",
    }


async def test_a_mentor_sees_posts_and_names_of_those_on_duty(wing: Wing) -> None:
    await puts_on_duty(wing.clinician, wing.nurse)
    await puts_on_duty(wing.support_worker, wing.officer, "orderly_officer", ends_at=hours(1))
    mentor = await wing.active_mentor()
    name = wing.nurse.subject.title()
    officer = {"post": "orderly_officer", "name": wing.officer.subject.title()}
    told = await mentor.get("on-duty")
    assert told["staff"] == [{"post": "clinician", "name": name}, officer]
    clock.forward(hours=2)
    (still,) = (await wing.officer.get("on-duty"))["staff"]
    assert (still["post"], still["name"], "contact" in still) == ("clinician", name, True)


async def test_a_mentor_reads_no_rota(wing: Wing) -> None:
    duty = await puts_on_duty(wing.clinician, wing.nurse)
    mentor = await wing.active_mentor()
    await mentor.get("duties", 403)
    await mentor.get(f"duties/{duty['id']}", 403)
    await mentor.post("duties", {}, 403)


async def test_a_duty_is_ended_with_its_etag(wing: Wing) -> None:
    duty = await puts_on_duty(wing.clinician, wing.nurse)
    path, body = f"duties/{duty['id']}", {"ends_at": hours(1)}
    await wing.clinician.patch(path, body, 428, headers={})
    ended = await wing.clinician.patch(path, body, headers={"If-Match": '"1"'})
    assert ended["ends_at"] is not None
    await wing.clinician.patch(path, body, 412, headers={"If-Match": '"1"'})
    assert await wing.officer.get(path) == ended


async def test_a_duty_ends_after_it_starts(wing: Wing) -> None:
    duty = await puts_on_duty(wing.clinician, wing.nurse)
    refused = await wing.clinician.patch(f"duties/{duty['id']}", {"ends_at": hours(-2)}, 422)
    assert refused["errors"][0]["field"] == "ends_at"
    body = {"staff_id": duty["staff_id"], "post": "clinician", "starts_at": hours(2)}
    refused = await wing.clinician.post("duties", {**body, "ends_at": hours(1)}, 422)
    assert refused["errors"][0]["field"] == "ends_at"


@pytest.mark.parametrize("starts_at", ["2026-11-22T20:00:00", "1066-10-14T09:00:00Z", "soon"])
async def test_a_naive_or_absurd_time_is_refused(wing: Wing, starts_at: str) -> None:
    body = {"staff_id": str(wing.nurse.staff_id), "post": "clinician", "starts_at": starts_at}
    refused = await wing.clinician.post("duties", body, 422)
    assert refused["errors"][0]["field"] == "starts_at"


async def test_a_duty_of_someone_unknown_names_the_field(wing: Wing) -> None:
    body = {"staff_id": str(uuid4()), "post": "clinician", "starts_at": hours(0)}
    refused = await wing.clinician.post("duties", body, 422)
    assert refused["errors"][0]["field"] == "staff_id"


async def test_an_officer_sets_no_duties(wing: Wing) -> None:
    body = {"staff_id": str(wing.nurse.staff_id), "post": "clinician", "starts_at": hours(0)}
    await wing.officer.post("duties", body, 403)


async def test_only_a_governor_names_a_last_resort_and_it_stands(wing: Wing) -> None:
    body = {"staff_id": str(wing.nurse.staff_id), "post": "last_resort", "starts_at": hours(0)}
    await wing.support_worker.post("duties", body, 403)
    refused = await wing.governor.post("duties", {**body, "ends_at": hours(9)}, 422)
    assert refused["errors"][0]["code"] == "last_resort_stands"


async def test_the_only_last_resort_cannot_be_ended(wing: Wing) -> None:
    first = await puts_on_duty(wing.governor, wing.governor, "last_resort")
    path, body = f"duties/{first['id']}", {"ends_at": hours(1)}
    assert (await wing.governor.patch(path, body, 409))["code"] == "last_resort_needed"
    await puts_on_duty(wing.governor, wing.nurse, "last_resort")
    await wing.support_worker.patch(path, body, 403)
    await wing.governor.patch(path, body)


async def test_a_last_resort_to_come_does_not_cover_the_time_before(wing: Wing) -> None:
    first = await puts_on_duty(wing.governor, wing.governor, "last_resort")
    nurse = str(wing.nurse.staff_id)
    body = {"staff_id": nurse, "post": "last_resort", "starts_at": hours(24)}
    await wing.governor.post("duties", body)
    await wing.governor.patch(f"duties/{first['id']}", {"ends_at": hours(1)}, 409)
    await wing.governor.patch(f"duties/{first['id']}", {"ends_at": hours(25)})


async def test_the_only_last_resort_does_not_leave_the_scheme(wing: Wing) -> None:
    await puts_on_duty(wing.governor, wing.nurse, "last_resort")
    path = f"staff/{wing.nurse.staff_id}"
    refused = await wing.governor.patch(path, {"active": False}, 409)
    assert refused["code"] == "last_resort_needed"
    await puts_on_duty(wing.governor, wing.governor, "last_resort")
    await wing.governor.patch(path, {"active": False})


async def test_two_last_resorts_ended_at_once_leave_one(wing: Wing) -> None:
    deputy = await wing.hires(StaffRole.governor)
    both = [await puts_on_duty(wing.governor, who, "last_resort") for who in (wing.nurse, deputy)]
    answers = await gather(
        *(
            by.request(
                "PATCH",
                f"duties/{duty['id']}",
                json={"ends_at": hours(1)},
                headers={"If-Match": "*"},
            )
            for by, duty in zip((wing.governor, deputy), both, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_only_a_clinician_holds_the_clinicians_post(wing: Wing) -> None:
    body = {"staff_id": str(wing.officer.staff_id), "post": "clinician", "starts_at": hours(0)}
    refused = await wing.governor.post("duties", body, 422)
    assert [(each["field"], each["code"]) for each in refused["errors"]] == [
        ("staff_id", "not_a_clinician")
    ]
    duty = await puts_on_duty(wing.clinician, wing.nurse, ends_at=hours(8))
    part = {
        "staff_id": str(wing.support_worker.staff_id),
        "starts_at": hours(1),
        "ends_at": hours(2),
    }
    refused = await wing.clinician.post(f"duties/{duty['id']}/overrides", part, 422)
    assert [each["code"] for each in refused["errors"]] == ["not_a_clinician"]


async def test_who_is_no_clinician_any_more_holds_their_post_no_longer(wing: Wing) -> None:
    await puts_on_duty(wing.clinician, wing.nurse, ends_at=hours(8))
    assert (await on_duty(wing, clock.now()))[Post.clinician] == [wing.nurse.staff_id]
    await wing.governor.patch(f"staff/{wing.nurse.staff_id}", {"role": "wing_duty"})
    assert (await on_duty(wing, clock.now()))[Post.clinician] == []
    period = {"from": hours(0), "to": hours(2)}
    found = (await wing.officer.get("duties/gaps", params=period))["items"]
    (gap,) = [each for each in found if each["post"] == "clinician"]
    assert (gap["starts_at"], gap["ends_at"]) == (period["from"], period["to"])


async def test_the_duties_of_a_period_are_those_that_touch_it(wing: Wing) -> None:
    duty = await puts_on_duty(wing.clinician, wing.nurse, ends_at=hours(8))
    for begins, ends, there in ((0, 1, True), (7, 9, True), (9, 10, False), (-5, -2, False)):
        query = {"ends_after": hours(begins), "starts_before": hours(ends), "post": "clinician"}
        listed = (await wing.officer.get("duties", params=query))["items"]
        assert [each["id"] for each in listed] == ([duty["id"]] if there else [])
