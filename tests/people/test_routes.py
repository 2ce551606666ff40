from asyncio import gather
from datetime import timedelta

import pytest
from sqlalchemy import text

from app import clock
from app.services.people import identify
from tests.story import Wing

BODY = {"number": "A1234BC", "first_name": "Jo", "last_name": "Sampleford"}


async def test_a_lower_case_number_is_kept_in_capitals(wing: Wing) -> None:
    person = await wing.person(number=" a1234bc ")
    assert person["number"] == "A1234BC"
    listed = await wing.officer.get("people", params={"number": "a1234bc"})
    assert [item["id"] for item in listed["items"]] == [person["id"]]
    assert (await wing.support_worker.post("people", BODY, 409))["code"] == "already_exists"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": "A123BC"}, "number"),
        ({"number": "A١٢٣٤BC"}, "number"),  # digits, but not ours
        ({"first_name": " "}, "first_name"),
        ({"last_name": "x" * 101}, "last_name"),
        ({"last_name": "a\x00b"}, "last_name"),
        ({"date_of_birth": "1899-12-31"}, "date_of_birth"),
        ({"date_of_birth": "2990-01-01"}, "date_of_birth"),
        ({"date_of_birth": "1990-02-30"}, "date_of_birth"),
        ({"cell_location": "D" * 61}, "cell_location"),
        ({"offence": "none of our business"}, "offence"),
    ],
)
async def test_what_is_not_valid_names_its_field(
    wing: Wing, change: dict[str, str], field: str
) -> None:
    refused = await wing.support_worker.post("people", BODY | change, 422)
    assert [error["field"] for error in refused["errors"]] == [field]


async def test_a_child_is_refused(wing: Wing) -> None:
    born = clock.now().date() - timedelta(days=15 * 365)
    refused = await wing.support_worker.post("people", {**BODY, "date_of_birth": str(born)}, 422)
    assert refused["errors"][0]["message"] == "makes the person younger than 15"


async def test_only_support_workers_enter_people(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    for caller in (wing.governor, wing.clinician, wing.nurse, wing.officer, mentor):
        await caller.post("people", BODY, 403)
        await caller.post("people/import", [], 403)


async def test_the_same_key_enters_one_person(wing: Wing) -> None:
    headers = {"Idempotency-Key": "jo"}
    first = await wing.support_worker.post("people", BODY, headers=headers)
    assert await wing.support_worker.post("people", BODY, headers=headers) == first


async def test_people_are_filtered_by_wing_presence_and_name(wing: Wing) -> None:
    one = await wing.person(last_name="O'Testwick", cell_location="D-1-001")
    two = await wing.person(last_name="Mockham", cell_location="DD-1-001")
    three = await wing.person(last_name="Édaford", cell_location=None)

    async def found(**params: str) -> list[str]:
        listed = await wing.officer.get("people", params=params)
        return [item["id"] for item in listed["items"]]

    assert await found(wing="D") == [one["id"]]
    assert await found(wing="DD") == [two["id"]]
    assert await found(name="o'te") == [one["id"]]
    assert await found(name="JO MO") == [two["id"]]
    assert await found(name="%%") == []
    assert await found(name="éda") == [three["id"]]
    assert await found(presence="away") == []
    assert len(await found(presence="here")) == 3
    refused = await wing.officer.get("people", 422, params={"name": "m"})
    assert refused["errors"][0]["field"] == "name"


async def test_people_are_sorted_by_name_or_by_when_they_were_recorded(wing: Wing) -> None:
    for name in ("Testwick", "Mockham", "Demoford"):
        await wing.person(last_name=name)
    for sort, last_names in {
        "display_name": ["Demoford", "Mockham", "Testwick"],
        "-display_name": ["Testwick", "Mockham", "Demoford"],
        "-recorded_at": ["Demoford", "Mockham", "Testwick"],
    }.items():
        pages, cursor = [], {}
        while cursor is not None:
            params = {"sort": sort, "limit": "1", **cursor}
            page = await wing.officer.get("people", params=params)
            pages += page["items"]
            cursor = {"cursor": page["next"]} if page["next"] else None
        assert [item["last_name"] for item in pages] == last_names


async def test_staff_read_a_person_with_the_etag(wing: Wing) -> None:
    person = await wing.person()
    for caller in (wing.governor, wing.clinician, wing.officer):
        response = await caller.request("GET", f"people/{person['id']}")
        assert response.json() == person
        assert response.headers["etag"] == '"1"'


async def test_a_mentor_sees_names_only_and_only_their_own_people(wing: Wing) -> None:
    stranger = await wing.person()
    mentor = await wing.active_mentor()
    await mentor.get(f"people/{stranger['id']}", 404)
    response = await mentor.request("GET", f"people/{mentor.person_id}")
    mine = response.json()
    assert set(mine) == {"id", "display_name"}
    assert "etag" not in response.headers
    assert (await mentor.get("people"))["items"] == [mine]
    assert (await mentor.get("people", params={"name": "jo"}))["items"] == [mine]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("number=A1234BC", "number"),
        ("presence=away", "presence"),
        ("wing=D", "wing"),
        ("sort=recorded_at", "sort"),
    ],
)
async def test_what_a_mentor_may_not_read_they_may_not_ask_by(
    wing: Wing, query: str, field: str
) -> None:
    mentor = await wing.active_mentor()
    refused = await mentor.get(f"people?{query}", 422)
    assert [error["field"] for error in refused["errors"]] == [field]


async def test_a_person_of_another_prison_is_not_there(wing: Wing) -> None:
    person = await wing.person()
    await wing.support_worker.get(f"/v1/prisons/ZZZ/people/{person['id']}", 404)


async def test_one_number_is_one_identity_however_many_ask_at_once(wing: Wing) -> None:
    async def asked() -> object:
        async with wing.db.write(wing.prison_id) as db:
            return (await identify(db, "Y0001YY")).id

    assert len(set(await gather(*(asked() for _ in range(8))))) == 1


async def test_a_person_entered_by_hand_is_said_with_ids_only(wing: Wing) -> None:
    person = await wing.person()
    async with wing.db.write(wing.prison_id) as db:
        found = await db.execute(
            text("SELECT topic, payload FROM outbox WHERE thing_id = :id"), {"id": person["id"]}
        )
        assert found.all() == [("person.created", {"presence": "here"})]
