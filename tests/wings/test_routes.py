from uuid import uuid4

from tests.story import Wing


async def test_wings_are_listed_to_staff(wing: Wing) -> None:
    listed = await wing.officer.get("wings")
    assert [item["code"] for item in listed["items"]] == ["D"]
    assert listed["next"] is None


async def test_wings_are_filtered_by_dedication(wing: Wing) -> None:
    await wing.governor.post("wings", {"code": "A", "name": "Alpha"})
    listed = await wing.officer.get("wings", params={"dedicated": "false"})
    assert [item["code"] for item in listed["items"]] == ["A"]


async def test_a_wing_is_read_with_its_etag(wing: Wing) -> None:
    response = await wing.officer.request("GET", f"wings/{wing.wing_id}")
    assert response.headers["etag"] == '"1"'
    await wing.officer.get(f"wings/{uuid4()}", 404)


async def test_a_code_is_taken_once(wing: Wing) -> None:
    refused = await wing.support_worker.post("wings", {"code": "D", "name": "Delta"}, 409)
    assert refused["code"] == "already_exists"


async def test_a_code_in_lower_case_is_refused(wing: Wing) -> None:
    refused = await wing.support_worker.post("wings", {"code": "d", "name": "Delta"}, 422)
    assert refused["errors"][0]["field"] == "code"


async def test_an_officer_adds_no_wing(wing: Wing) -> None:
    await wing.officer.post("wings", {"code": "A", "name": "Alpha"}, 403)


async def test_the_same_key_and_body_add_one_wing(wing: Wing) -> None:
    body, headers = {"code": "A", "name": "Alpha"}, {"Idempotency-Key": "alpha"}
    first = await wing.support_worker.request("POST", "wings", json=body, headers=headers)
    again = await wing.support_worker.request("POST", "wings", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    other = await wing.support_worker.post("wings", {**body, "name": "Aleph"}, 422, headers=headers)
    assert other["code"] == "idempotency_key_reused"
