from tests.story import Wing


async def test_wings_are_listed_to_staff(wing: Wing) -> None:
    listed = await wing.officer.get("wings")
    assert [item["code"] for item in listed["items"]] == ["D"]
    assert listed["next"] is None
