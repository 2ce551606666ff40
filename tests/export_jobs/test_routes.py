"""Export jobs: asked for, written by a worker, fetched whole or in parts, and gone in time."""

import hashlib
from typing import Any

import pytest

from app import clock
from app.config import Settings
from app.models.clients import ClientScope
from app.services.export_jobs.shelf import Shelf
from tests.export_jobs.story import JOBS, LINES, asks, fetches, machine, ready, released, worked
from tests.story import Caller, Wing


def files(wing: Wing, settings: Settings) -> set[str]:
    return Shelf(settings).names(wing.prison_id)


async def test_a_file_is_asked_for_written_and_fetched(wing: Wing, settings: Settings) -> None:
    await wing.engaged()
    who = await machine(wing)
    answer = await who.request("POST", JOBS, json=LINES)
    job = answer.json()
    assert (answer.status_code, job["status"]) == (202, "queued")
    assert answer.headers["location"] == f"{JOBS}/{job['id']}"
    assert (await fetches(who, job)).json()["code"] == "export_not_ready"
    await worked(wing, settings)
    done = await who.get(f"{JOBS}/{job['id']}")
    assert (done["status"], done["rows"], done["failure"]) == ("ready", 1, None)
    assert done["rows_expected"] == 1
    assert done["next_cursor"]
    file = await fetches(who, job)
    assert file.status_code == 200
    assert hashlib.sha256(file.content).hexdigest() == done["sha256"]
    assert (len(file.content), file.headers["etag"]) == (done["bytes"], f'"{done["sha256"]}"')
    head = await who.request("HEAD", f"{JOBS}/{job['id']}/file")
    assert head.headers["content-length"] == str(done["bytes"])
    assert head.headers["etag"] == file.headers["etag"]
    again = await ready(wing, settings, who, changed_since=done["next_cursor"])
    assert (again["rows"], (await fetches(who, again)).content) == (0, b"")


async def test_the_file_on_the_disk_is_nobodys_to_read(wing: Wing, settings: Settings) -> None:
    await wing.engaged()
    job = await ready(wing, settings, await machine(wing))
    [path] = (Shelf(settings).folder / wing.prison_id).iterdir()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    kept = path.read_bytes()
    assert len(kept) > job["bytes"]
    assert b"engaged" not in kept


async def test_the_same_key_asks_once(wing: Wing) -> None:
    who = await machine(wing)
    key = {"Idempotency-Key": "tonight"}
    first, again = [await who.request("POST", JOBS, json=LINES, headers=key) for _ in range(2)]
    assert (again.status_code, again.json()) == (202, first.json())
    assert len((await who.get(JOBS))["items"]) == 1


async def test_another_clients_job_is_not_there(wing: Wing, settings: Settings) -> None:
    owner, other = await machine(wing), await machine(wing)
    job = await ready(wing, settings, owner)
    path = f"{JOBS}/{job['id']}"
    for method, rest in (
        ("GET", ""),
        ("GET", "/file"),
        ("HEAD", "/file"),
        ("POST", "/cancel"),
        ("POST", "/links"),
    ):
        answer = await other.request(method, path + rest)
        assert answer.status_code == 404, rest
    assert (await other.get(JOBS))["items"] == []
    assert (await wing.governor.request("GET", path)).status_code == 403


async def test_what_no_export_can_be_of_is_refused_at_once(wing: Wing) -> None:
    who = await wing.lets_in(ClientScope.export_pseudonymised, ClientScope.export_identifiable)
    await released(wing)
    for field, wrong in (
        ("kind", {"kind": "unheard_of"}),
        ("prison_id", {"prison_id": "ZZZ"}),
        ("changed_since", {"changed_since": "AQAAAAAAAAAA"}),
        ("dataset", {"dataset": "sessions", "identifiable": True}),
    ):
        refused = await who.post(JOBS, {**LINES, **wrong}, expect=422)
        assert [each["field"] for each in refused["errors"]] == [field]


async def test_only_so_many_of_one_client_wait_at_a_time(wing: Wing) -> None:
    who, other = await machine(wing), await machine(wing)
    for _ in range(5):
        await asks(who)
    refused = await who.post(JOBS, LINES, expect=429)
    assert refused["code"] == "too_many_exports"
    await asks(other)


async def test_a_file_is_called_off_at_any_time_and_then_removed(
    wing: Wing, settings: Settings
) -> None:
    who = await machine(wing)
    waiting = await asks(who)
    await who.post(f"{JOBS}/{waiting['id']}/cancel", expect=200)
    job = await ready(wing, settings, who)
    assert len(files(wing, settings)) == 1
    called_off = await who.post(f"{JOBS}/{job['id']}/cancel", expect=200)
    assert (called_off["status"], called_off["moves"]) == ("cancelled", [])
    assert (await fetches(who, job)).json()["code"] == "export_gone"
    await worked(wing, settings)
    assert files(wing, settings) == set()
    await who.post(f"{JOBS}/{job['id']}/cancel", expect=409)


async def test_after_a_day_it_is_there_no_more(wing: Wing, settings: Settings) -> None:
    who = await machine(wing)
    job = await ready(wing, settings, who)
    clock.forward(hours=23)
    assert (await fetches(who, job)).status_code == 200
    clock.forward(hours=1)
    assert (await fetches(who, job)).status_code == 410
    await worked(wing, settings)
    assert (await who.get(f"{JOBS}/{job['id']}"))["status"] == "expired"
    assert files(wing, settings) == set()


async def linked(who: Caller, job: Any) -> str:
    made = await who.post(f"{JOBS}/{job['id']}/links")
    return str(made["path"])


async def test_a_link_opens_its_own_file_for_a_quarter_of_an_hour(
    wing: Wing, settings: Settings
) -> None:
    who = await machine(wing)
    job, other = await ready(wing, settings, who), await ready(wing, settings, who)
    path = await linked(who, job)
    assert (await wing.http.get(path)).status_code == 200
    for wrong in (
        path.replace(job["id"], other["id"]),
        path.replace(job["id"], job["id"][:-1] + ("0" if job["id"][-1] != "0" else "1")),
        path[:-6] + ("A" if path[-6] != "A" else "B") + "/file",
    ):
        assert (await wing.http.get(wrong)).status_code == 404, wrong
    early = await linked(who, job)
    assert (await wing.http.get(early)).status_code == 200
    body = {"subject": who.subject, "reason": "precaution"}
    await wing.governor.post("revocations", body)
    assert (await wing.http.get(early)).status_code == 404


async def test_who_is_shut_out_gets_nothing_more(wing: Wing, settings: Settings) -> None:
    """Neither what waits to be written, nor what is, by a link of before."""
    who = await machine(wing)
    job = await ready(wing, settings, who)
    path, waiting = await linked(who, job), await asks(who)
    [client] = (await wing.governor.get("clients"))["items"]
    await wing.governor.patch(f"clients/{client['id']}", {"scopes": ["concerns.read"]})
    assert (await wing.http.get(path)).status_code == 404
    assert (await fetches(who, job)).status_code == 403
    await worked(wing, settings)
    await wing.governor.patch(f"clients/{client['id']}", {"scopes": ["export.pseudonymised"]})
    failed = await who.get(f"{JOBS}/{waiting['id']}")
    assert (failed["status"], failed["failure"]) == ("failed", "access_ended")


async def named(wing: Wing) -> Caller:
    return await wing.lets_in(ClientScope.export_identifiable)


async def test_names_need_two_people_and_a_release_is_for_one_file(
    wing: Wing, settings: Settings
) -> None:
    mentee = await wing.engaged()
    person = await wing.clinician.get(f"people/{mentee['person_id']}")
    who = await named(wing)
    wanted = {**LINES, "identifiable": True}
    assert (await who.post(JOBS, wanted, expect=403))["code"] == "release_needed"
    await who.post(JOBS, LINES, expect=403)  # nor does this scope open the others
    release = await released(wing)
    job = await ready(wing, settings, who, identifiable=True)
    assert (await who.post(JOBS, wanted, expect=403))["code"] == "release_needed"
    file = await fetches(who, job)
    assert person["number"] in file.text
    assert (await wing.governor.get(f"releases/{release['id']}"))["status"] == "collected"
    assert (await fetches(who, job)).content == file.content


@pytest.mark.parametrize("written", [False, True])
async def test_a_release_withdrawn_is_none(wing: Wing, settings: Settings, written: bool) -> None:
    """Before the file is written there will be none; after it nobody is given it."""
    who = await named(wing)
    release = await released(wing)
    job = await asks(who, identifiable=True)
    if written:
        await worked(wing, settings)
    await wing.governor.move(f"releases/{release['id']}", "refused", reason="not_lawful")
    await worked(wing, settings)
    found = await who.get(f"{JOBS}/{job['id']}")
    if written:
        assert (await fetches(who, job)).json()["code"] == "release_needed"
    else:
        assert (found["status"], found["failure"]) == ("failed", "release_ended")


async def test_every_file_and_every_look_at_it_is_in_the_audit_with_its_hash(
    wing: Wing, settings: Settings
) -> None:
    await wing.engaged()
    who = await machine(wing)
    job = await ready(wing, settings, who)
    await fetches(who, job)
    path = await linked(who, job)
    await wing.http.get(path, headers={"Range": "bytes=0-9"})
    found = []
    for operation in ("export_written", "read_export_file", "read_linked_export_file"):
        [entry] = (await wing.governor.get("audit", params={"operation": operation}))["items"]
        found.append((entry["subject"], entry["rows"], entry["ids"]))
    assert found == [(who.subject, 1, [job["id"]])] * 3
    kept = "SELECT sha256 FROM audit_entry WHERE sha256 IS NOT NULL"
    rows = await wing.db.fetch(wing.prison_id, kept)
    assert [each["sha256"] for each in rows] == [job["sha256"]] * 3
