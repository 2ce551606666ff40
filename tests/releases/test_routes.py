"""Releases: two persons, seven days, a bundle that cannot be forged."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app import clock
from app.bundle import faults
from app.config import Settings
from app.errors import NotStanding
from app.models.releases import ReleaseKind
from app.models.staff import StaffRole
from app.services import releases
from app.signing import Signer
from app.worker import housekeeping, seal
from tests.story import Caller, Wing


async def asked(by: Caller, person_id: str, expect: int = 201, **fields: Any) -> Any:
    body = {
        "kind": "chronology_bundle",
        "person_id": person_id,
        "purpose": "For the Ombudsman.",
        **fields,
    }
    return await by.post("releases", body, expect)


async def downloaded(by: Caller, release: Any) -> httpx.Response:
    return await by.request("GET", f"releases/{release['id']}/bundle")


async def released(wing: Wing, lead: Caller, person_id: str) -> Any:
    release = await asked(wing.governor, person_id)
    return await lead.move(f"releases/{release['id']}", "released")


async def lead_of(wing: Wing) -> Caller:
    return await wing.hires(StaffRole.mental_health_lead)


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


async def test_either_side_asks_and_the_other_releases(wing: Wing) -> None:
    lead, person = await lead_of(wing), await wing.person()
    for one, other in ((wing.governor, lead), (lead, wing.governor)):
        release = await asked(one, person["id"])
        assert release["status"] == "requested"
        let_go = await other.move(f"releases/{release['id']}", "released")
        assert (let_go["status"], let_go["released_by"]) == ("released", str(other.staff_id))


async def test_nobody_releases_what_they_asked_for_nor_two_of_one_side(wing: Wing) -> None:
    second, person = await wing.hires(StaffRole.governor), await wing.person()
    release = await asked(wing.governor, person["id"])
    path = f"releases/{release['id']}"
    alone = await wing.governor.move(path, "released", 409)
    assert {each["code"] for each in alone["errors"]} == {"second_person", "both_sides"}
    one_side = await second.move(path, "released", 409)
    assert [each["code"] for each in one_side["errors"]] == ["both_sides"]


async def test_others_neither_ask_nor_see(wing: Wing) -> None:
    person, mentor = await wing.person(), await wing.active_mentor()
    release = await asked(wing.governor, person["id"])
    for other in (wing.support_worker, wing.clinician, wing.nurse, wing.officer, mentor):
        await asked(other, person["id"], 403)
        await other.get("releases", 403)
        assert (await downloaded(other, release)).status_code == 403


async def test_a_bundle_is_of_a_person_and_of_the_past(wing: Wing) -> None:
    person = await wing.person()
    nobody = await wing.governor.post(
        "releases", {"kind": "chronology_bundle", "purpose": "x"}, 422
    )
    assert nobody["errors"][0]["field"] == "person_id"
    await asked(wing.governor, person["id"], 422, kind="identifiable_export")
    ahead = clock.spell(clock.now() + timedelta(hours=1))
    refused = await asked(wing.governor, person["id"], 422, as_at=ahead)
    assert refused["errors"][0]["field"] == "as_at"


async def test_either_of_the_two_collects_the_same_signed_bytes(
    wing: Wing, settings: Settings
) -> None:
    lead, person = await lead_of(wing), await wing.person()
    await seal(wing.db, wing.prison_id)
    release = await released(wing, lead, person["id"])
    first, second = [await downloaded(by, release) for by in (lead, wing.governor)]
    assert first.status_code == 200
    assert first.headers["content-type"] == "application/zip"
    assert first.content == second.content
    assert not faults(first.content, Signer(settings).public_pem())
    manifest = json.loads(unpacked(first.content)["manifest.json"])
    assert manifest["person"]["id"] == person["id"]
    assert manifest["requested"]["by"] == wing.governor.subject
    assert manifest["released"]["by"] == lead.subject
    assert manifest["audit_head"]["position"] >= 1
    shown = await wing.governor.get(f"releases/{release['id']}")
    assert shown["status"] == "collected"
    history = await wing.governor.get(f"releases/{release['id']}/history")
    assert [each["to_state"] for each in history["items"]] == [
        "requested", "released", "collected",
    ]  # fmt: skip


async def test_the_bundle_holds_both_sides_but_nothing_about_the_two(wing: Wing) -> None:
    lead, mentee = await lead_of(wing), await wing.engaged(referral_reason="Low mood.")
    for account, fields in (
        ("A parcel was thrown.", {"kind": "security_matter"}),
        ("She shouts at him.", {"about_staff_id": str(lead.staff_id)}),
    ):
        body = {"subject_person_id": mentee["person_id"], "account": account, **fields}
        await wing.support_worker.post("concerns", body)
    release = await released(wing, lead, mentee["person_id"])
    told = unpacked((await downloaded(lead, release)).content)["chronology.json"]
    assert b"Low mood." in told
    assert b"A parcel was thrown." in told
    assert b"She shouts at him." not in told


async def test_every_download_is_audited(wing: Wing) -> None:
    lead, person = await lead_of(wing), await wing.person()
    release = await released(wing, lead, person["id"])
    await downloaded(lead, release)
    found = await wing.governor.get("audit?operation=read_bundle")
    assert [each["subject"] for each in found["items"]] == [lead.subject]


async def test_what_is_not_released_is_not_collected(wing: Wing) -> None:
    lead, person = await lead_of(wing), await wing.person()
    release = await asked(wing.governor, person["id"])
    early = await downloaded(wing.governor, release)
    assert (early.status_code, early.json()["code"]) == (404, "not_found")
    await lead.move(f"releases/{release['id']}", "refused", reason="not_lawful")
    assert (await downloaded(lead, release)).status_code == 404


async def test_a_third_person_does_not_collect_it(wing: Wing) -> None:
    lead, person = await lead_of(wing), await wing.person()
    third = await wing.hires(StaffRole.governor)
    release = await released(wing, lead, person["id"])
    assert (await downloaded(third, release)).status_code == 404


async def test_after_seven_days_it_is_over(wing: Wing) -> None:
    lead, person = await lead_of(wing), await wing.person()
    forgotten = await asked(wing.governor, person["id"])
    release = await released(wing, lead, person["id"])
    clock.forward(days=7)
    assert (await downloaded(lead, release)).json()["code"] == "not_found"
    late = await lead.move(f"releases/{forgotten['id']}", "released", 409)
    assert [each["code"] for each in late["errors"]] == ["in_time"]
    await housekeeping(wing.db, wing.prison_id)
    rows = (await wing.governor.get("releases"))["items"]
    assert {each["status"] for each in rows} == {"expired"}


async def export(by: Caller) -> Any:
    body = {"kind": "identifiable_export", "purpose": "To the receiving prison."}
    return await by.post("releases", body)


@pytest.mark.parametrize("second", [StaffRole.governor, StaffRole.mental_health_lead])
async def test_an_export_is_asked_for_by_a_governor_and_collected_once(
    wing: Wing, second: StaffRole
) -> None:
    other = await wing.hires(second)
    release = await export(wing.governor)
    await other.move(f"releases/{release['id']}", "released")
    kind = ReleaseKind.identifiable_export
    async with wing.db.write(wing.prison_id) as session:
        standing = await releases.standing_release(session, wing.prison_id, kind)
        assert standing is not None
        await releases.collect(session, releases.the_system(wing.prison_id), standing)
        assert await releases.standing_release(session, wing.prison_id, kind) is None
        with pytest.raises(NotStanding):
            await releases.collect(session, releases.the_system(wing.prison_id), standing)


async def test_an_export_asked_for_by_a_clinician_is_not_released(wing: Wing) -> None:
    release = await export(await lead_of(wing))
    refused = await wing.governor.move(f"releases/{release['id']}", "released", 409)
    assert [each["code"] for each in refused["errors"]] == ["asked_by_governor"]
