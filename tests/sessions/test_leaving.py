"""When a mentee leaves the scheme, nobody waits for them."""

from tests.sessions.scene import tomorrow
from tests.story import Wing


async def test_a_mentee_who_leaves_is_taken_out_of_every_plan(wing: Wing) -> None:
    mentor, room = await wing.active_mentor(), await wing.room()
    leaving, staying = await wing.engaged(), await wing.engaged()
    one = {
        "kind": "one_to_one",
        "room_id": room["id"],
        "mentor_id": str(mentor.mentor_id),
        "starts_at": tomorrow(9).isoformat(),
        "ends_at": tomorrow(10).isoformat(),
        "mentee_ids": [leaving["id"]],
    }
    group = {
        **one,
        "kind": "group",
        "starts_at": tomorrow(11).isoformat(),
        "ends_at": tomorrow(12).isoformat(),
        "mentee_ids": [leaving["id"], staying["id"]],
    }
    alone = await wing.support_worker.post("sessions", one)
    together = await wing.support_worker.post("sessions", group)
    await wing.support_worker.move(f"mentees/{leaving['id']}", "transferred")
    alone = await wing.support_worker.get(f"sessions/{alone['id']}")
    assert alone["status"] == "cancelled"
    together = await wing.support_worker.get(f"sessions/{together['id']}")
    assert together["status"] == "planned"
    parts = {each["mentee_id"]: each["status"] for each in together["participations"]}
    assert parts == {leaving["id"]: "cancelled", staying["id"]: "offered"}
    again = {**one, "mentee_ids": [staying["id"]]}
    assert (await wing.support_worker.post("sessions", again))["status"] == "planned"
