from uuid import uuid4

import httpx

from tests.story import Wing


async def test_staff_learn_their_role_and_what_they_may_do(wing: Wing) -> None:
    me = await wing.nurse.get("/v1/me")
    assert (me["subject"], me["roles"]) == (wing.nurse.subject, ["nurse"])
    (here,) = me["prisons"]
    assert (here["prison_id"], here["role"]) == (wing.prison_id, "nurse")
    assert (here["staff_id"], here["person_id"]) == (str(wing.nurse.staff_id), None)
    assert "training_write" in here["permissions"]
    assert "mentor_clear" not in here["permissions"]


async def test_a_mentor_learns_their_person_and_mentor_id(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    (here,) = (await mentor.get("/v1/me"))["prisons"]
    assert here["role"] == "mentor"
    assert here["person_id"] == str(mentor.person_id)
    assert here["mentor_id"] == str(mentor.mentor_id)
    assert here["staff_id"] is None


async def test_a_prison_without_a_row_gives_nothing(wing: Wing) -> None:
    token = wing.issuer.issue(wing.nurse.subject, ["nurse"], [wing.prison_id, "ZZZ"])
    wing.nurse.token = token
    nothing = {"role": None, "staff_id": None, "person_id": None, "mentor_id": None}
    here, there = (await wing.nurse.get("/v1/me"))["prisons"]
    assert here["role"] == "nurse"
    assert there == {"prison_id": "ZZZ", **nothing, "permissions": []}


async def test_a_role_that_the_row_does_not_have_gives_nothing(wing: Wing) -> None:
    wing.nurse.token = wing.issuer.issue(wing.nurse.subject, ["governor"], [wing.prison_id])
    (here,) = (await wing.nurse.get("/v1/me"))["prisons"]
    assert (here["role"], here["permissions"]) == (None, [])


async def test_a_person_who_is_not_here_gives_nothing(wing: Wing) -> None:
    stranger = wing.as_person(str(uuid4()))
    (here,) = (await stranger.get("/v1/me"))["prisons"]
    assert (here["role"], here["person_id"], here["permissions"]) == (None, None, [])


async def test_me_needs_a_token(http: httpx.AsyncClient) -> None:
    response = await http.get("/v1/me")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["code"] == "unauthenticated"
