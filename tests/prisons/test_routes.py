import pytest

from app.models.staff import StaffRole
from tests.story import Wing


async def test_staff_read_the_prison_and_its_etag(wing: Wing) -> None:
    response = await wing.officer.request("GET", f"/v1/prisons/{wing.prison_id}")
    assert response.status_code == 200
    assert response.headers["etag"] == '"1"'
    assert response.json()["zone"] == "Europe/London"
    assert response.json()["shadowing_months"] == 3


async def test_a_governor_changes_settings_and_the_etag_moves_on(wing: Wing) -> None:
    path = f"/v1/prisons/{wing.prison_id}"
    body = {"shadowing_months": 4, "call_back_number": "ext. 2000"}
    changed = await wing.governor.patch(path, body, headers={"If-Match": '"1"'})
    assert (changed["shadowing_months"], changed["version"]) == (4, 2)
    cleared = await wing.governor.patch(path, {"call_back_number": None})
    assert cleared["call_back_number"] is None
    assert cleared["shadowing_months"] == 4


async def test_a_change_needs_the_present_etag(wing: Wing) -> None:
    path = f"/v1/prisons/{wing.prison_id}"
    missing = await wing.governor.patch(path, {"name": "HMP A"}, 428, headers={})
    assert missing["code"] == "if_match_needed"
    await wing.governor.patch(path, {"name": "HMP A"}, headers={"If-Match": '"1"'})
    stale = await wing.governor.patch(path, {"name": "HMP B"}, 412, headers={"If-Match": '"1"'})
    assert stale["code"] == "stale"


async def test_only_a_governor_changes_settings(wing: Wing) -> None:
    for caller in (wing.support_worker, wing.clinician, wing.officer):
        await caller.patch(f"/v1/prisons/{wing.prison_id}", {"name": "HMP A"}, 403)


async def test_a_mentor_reads_no_settings(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await mentor.get(f"/v1/prisons/{wing.prison_id}", 403)


async def test_another_prison_is_not_there(wing: Wing) -> None:
    for path in ("/v1/prisons/ZZZ", "/v1/prisons/ZZZ/people", "/v1/prisons/sli"):
        assert (await wing.governor.get(path, 404))["code"] == "not_found"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": None}, "name"),
        ({"shadowing_months": 2}, "shadowing_months"),
        ({"observed_sessions_needed": 0}, "observed_sessions_needed"),
        ({"call_back_number": "1" * 41}, "call_back_number"),
        ({"zone": "Mars/Olympus"}, "zone"),
    ],
)
async def test_a_setting_out_of_bounds_names_its_field(
    wing: Wing, body: dict[str, object], field: str
) -> None:
    refused = await wing.governor.patch(f"/v1/prisons/{wing.prison_id}", body, 422)
    assert [error["field"] for error in refused["errors"]] == [field]


async def test_a_body_of_twenty_megabytes_is_refused(wing: Wing) -> None:
    huge = b'{"name": "' + b"x" * 20_000_000 + b'"}'
    headers = {"If-Match": "*", "Content-Type": "application/json"}
    path = f"/v1/prisons/{wing.prison_id}"
    response = await wing.governor.request("PATCH", path, content=huge, headers=headers)
    assert response.status_code == 413
    assert response.json()["code"] == "too_large"


async def test_the_role_of_the_row_counts_not_the_tokens(wing: Wing) -> None:
    worker = await wing.hires(StaffRole.support_worker)
    worker.token = wing.issuer.issue(worker.subject, ["governor"], [wing.prison_id])
    await worker.get(f"/v1/prisons/{wing.prison_id}", 403)
