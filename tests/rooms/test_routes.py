from uuid import uuid4

from tests.story import Wing


async def test_rooms_are_listed_by_name_and_wing(wing: Wing) -> None:
    other = await wing.governor.post("wings", {"code": "E", "name": "Echo"})
    await wing.room("Quiet room")
    await wing.room("Art room")
    await wing.governor.post("rooms", {"wing_id": other["id"], "name": "Cell 1", "capacity": 2})
    listed = await wing.officer.get("rooms")
    assert [room["name"] for room in listed["items"]] == ["Art room", "Cell 1", "Quiet room"]
    listed = await wing.officer.get("rooms", params={"wing_id": wing.wing_id, "sort": "-name"})
    assert [room["name"] for room in listed["items"]] == ["Quiet room", "Art room"]


async def test_pages_of_rooms_follow_their_cursor(wing: Wing) -> None:
    for name in "ABC":
        await wing.room(name)
    first = await wing.officer.get("rooms", params={"limit": 2})
    second = await wing.officer.get("rooms", params={"limit": 2, "cursor": first["next"]})
    assert [room["name"] for room in first["items"] + second["items"]] == ["A", "B", "C"]
    assert second["next"] is None


async def test_a_mentor_reads_a_room_and_adds_none(wing: Wing) -> None:
    room = await wing.room()
    mentor = await wing.active_mentor()
    assert (await mentor.get(f"rooms/{room['id']}"))["name"] == "Quiet room"
    await mentor.post("rooms", {"wing_id": wing.wing_id, "name": "Den", "capacity": 2}, 403)


async def test_a_room_on_an_unknown_wing_names_the_field(wing: Wing) -> None:
    body = {"wing_id": str(uuid4()), "name": "Nowhere", "capacity": 2}
    refused = await wing.support_worker.post("rooms", body, 422)
    assert refused["errors"][0]["field"] == "wing_id"


async def test_two_rooms_of_one_name_conflict(wing: Wing) -> None:
    await wing.room("Den")
    body = {"wing_id": wing.wing_id, "name": "Den", "capacity": 2}
    assert (await wing.support_worker.post("rooms", body, 409))["code"] == "already_exists"


async def test_an_unknown_room_or_parameter_is_refused(wing: Wing) -> None:
    await wing.officer.get(f"rooms/{uuid4()}", 404)
    await wing.officer.get("rooms/not-an-id", 404)
    assert (await wing.officer.get("rooms?colour=red", 422))["errors"][0]["field"] == "colour"


async def test_a_clinician_adds_no_room(wing: Wing) -> None:
    body = {"wing_id": wing.wing_id, "name": "Den", "capacity": 2}
    await wing.clinician.post("rooms", body, 403)
