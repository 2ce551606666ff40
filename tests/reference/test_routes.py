import httpx

from tests.story import Wing


async def test_every_valid_token_reads_the_code_lists(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    mine, staffs = await mentor.get("/v1/reference"), await wing.officer.get("/v1/reference")
    assert mine == staffs
    assert [code["code"] for code in mine["lists"]["immediacy"]] == [
        "now",
        "this_session",
        "within_24h",
        "routine",
    ]
    assert mine["lists"]["session_kind"][0] == {
        "code": "one_to_one",
        "label": "One to one",
        "easy_read": "You and your mentor meet.",
    }


async def test_the_code_lists_need_a_token(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/reference")).status_code == 401
