"""What is seen through a broken glass says so."""

from app import clock
from tests.story import Wing


async def test_what_is_seen_through_a_broken_glass_says_so_at_once(wing: Wing) -> None:
    person, other = await wing.person(), await wing.person()
    glass = await wing.clinician.post(
        "break-glass",
        {
            "person_id": person["id"],
            "reason_code": "danger_to_life",
            "reason": "He was found unresponsive.",
        },
    )
    await wing.clinician.get(f"people/{person['id']}")
    await wing.clinician.get("people")
    await wing.clinician.get(f"people/{other['id']}")
    params = {"break_glass_id": glass["id"], "sort": "recorded_at"}
    found = await wing.governor.get("audit", params=params)
    assert [each["operation"] for each in found["items"]] == [
        "open_break_glass",
        "read_person",
        "list_people",
    ]


async def test_another_clinicians_look_is_not_through_it(wing: Wing) -> None:
    person = await wing.person()
    body = {"person_id": person["id"], "reason_code": "safeguarding", "reason": "He asked for it."}
    glass = await wing.clinician.post("break-glass", body)
    await wing.nurse.get(f"people/{person['id']}")
    params = {"break_glass_id": glass["id"], "subject": wing.nurse.subject}
    found = await wing.governor.get("audit", params=params)
    assert found["items"] == []


async def test_it_ends_with_the_glass(wing: Wing) -> None:
    person = await wing.person()
    body = {"person_id": person["id"], "reason_code": "safeguarding", "reason": "He asked for it."}
    glass = await wing.clinician.post("break-glass", {**body, "minutes": 30})
    clock.forward(minutes=31)
    await wing.clinician.get(f"people/{person['id']}")
    found = await wing.governor.get("audit", params={"break_glass_id": glass["id"]})
    assert [each["operation"] for each in found["items"]] == ["open_break_glass"]
