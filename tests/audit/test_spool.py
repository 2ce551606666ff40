"""When the audit cannot be written: refused, but for what would stop a nurse."""

import asyncio
import errno
import os
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from fastapi import FastAPI

from app import clock
from app.audit import FLUSH_SECONDS, Auditor
from app.config import Settings
from app.models.audit import AuditAct
from app.services import audit
from app.services.audit.spool import RESERVE_BYTES, RESERVE_FILES, Spool
from tests.story import Wing

Broken = Callable[[bool], Awaitable[None]]


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.audit.SPOOL_PAUSE", timedelta())


@pytest.fixture
async def broken(settings: Settings) -> AsyncIterator[Broken]:
    """Takes from the service the right to append to its audit, and gives it back."""
    assert settings.owner_database_url
    owner = await asyncpg.connect(settings.owner_database_url)

    async def set_to(off: bool) -> None:
        verb, role = ("REVOKE", "FROM") if off else ("GRANT", "TO")
        await owner.execute(f"{verb} INSERT ON audit_entry {role} wellwing_app")

    yield set_to
    await set_to(False)
    await owner.close()


@pytest.fixture
def auditor(app: FastAPI) -> Auditor:
    found = app.state.auditor
    assert isinstance(found, Auditor)
    return found


async def operations(wing: Wing) -> set[str]:
    await asyncio.sleep(2 * FLUSH_SECONDS)
    found = await wing.governor.get("audit", params={"limit": 200})
    return {each["operation"] for each in found["items"]}


async def test_a_record_is_not_shown_while_nobody_can_write_down_who_looked(
    wing: Wing, broken: Broken
) -> None:
    person = await wing.person()
    await broken(True)
    await wing.clinician.get(f"people/{person['id']}", expect=503)
    body = {"number": "A1111AA", "first_name": "Jo", "last_name": "Nobody"}
    await wing.support_worker.post("people", body, expect=503)
    await broken(False)
    found = await wing.support_worker.get("people", params={"number": "A1111AA"})
    assert found["items"] == []


async def test_a_concern_for_now_is_raised_read_and_worked_all_the_same(
    wing: Wing, broken: Broken, auditor: Auditor
) -> None:
    mentor = await wing.active_mentor()
    await broken(True)
    body = {"kind": "welfare", "account": "He stopped answering.", "immediacy": "right_now"}
    raised = await mentor.post("concerns", {**body, "subject_as_told": "the lad in the end cell"})
    await wing.clinician.get(f"concerns/{raised['id']}")
    await wing.clinician.post(f"concerns/{raised['id']}/acknowledgement", {}, expect=200)
    assert auditor.spooling
    await broken(False)
    assert {"raise_concern", "read_concern", "acknowledge_concern"} <= await operations(wing)
    assert not auditor.spooling


async def test_a_concern_that_can_wait_is_raised_all_the_same(
    wing: Wing, broken: Broken, auditor: Auditor
) -> None:
    mentor = await wing.active_mentor()
    await broken(True)
    body = {"kind": "welfare", "account": "He is low.", "immediacy": "can_wait_a_day"}
    await mentor.post("concerns", {**body, "subject_as_told": "the lad in the end cell"})
    await broken(False)
    assert "raise_concern" in await operations(wing)


async def test_a_concern_that_is_lost_with_its_connection_is_neither_saved_nor_said_to_have_been(
    wing: Wing, settings: Settings, auditor: Auditor
) -> None:
    mentor = await wing.active_mentor()
    assert settings.owner_database_url
    owner = await asyncpg.connect(settings.owner_database_url)
    name = wing.prison_id.lower()
    await owner.execute(
        f"""CREATE FUNCTION dies_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
            CREATE TRIGGER dies_{name} BEFORE INSERT ON audit_entry FOR EACH ROW
            WHEN (NEW.prison_id = '{wing.prison_id}') EXECUTE FUNCTION dies_{name}()"""
    )
    body = {"kind": "welfare", "account": "He stopped answering.", "immediacy": "right_now"}
    try:
        refused = await mentor.post("concerns", {**body, "subject_as_told": "the lad"}, expect=503)
    finally:
        await owner.execute(f"DROP FUNCTION dies_{name} CASCADE")
        await owner.close()
    assert refused["title"].startswith("NOT SAVED")
    assert not auditor.spooling
    assert "raise_concern" not in await operations(wing)


async def test_a_broken_glass_is_no_less_open_for_a_broken_audit(
    wing: Wing, broken: Broken
) -> None:
    person = await wing.person()
    await broken(True)
    body = {
        "person_id": person["id"],
        "reason_code": "danger_to_life",
        "reason": "He was found unresponsive.",
    }
    await wing.clinician.post("break-glass", body)
    await broken(False)
    assert "open_break_glass" in await operations(wing)


async def test_pages_and_refusals_wait_on_disk_and_keep_their_time(
    wing: Wing, broken: Broken, auditor: Auditor
) -> None:
    await broken(True)
    await wing.support_worker.get("people")
    await wing.officer.get("mentors", expect=403)
    await asyncio.sleep(2 * FLUSH_SECONDS)
    assert auditor.spooling
    await broken(False)
    assert {"list_people", "list_mentors"} <= await operations(wing)


async def test_a_spool_emptied_twice_is_there_once(wing: Wing, auditor: Auditor) -> None:
    entry = audit.entry(wing.prison_id, AuditAct.listed, "list_people", subject="somebody")
    auditor._spool.keep([entry])
    auditor._spool.keep([entry])
    await auditor.empty_spool()
    found = await wing.governor.get("audit", params={"subject": "somebody"})
    assert len(found["items"]) == 1


async def test_a_batch_the_database_will_not_take_keeps_no_other_waiting(
    wing: Wing, auditor: Auditor
) -> None:
    good = audit.entry(wing.prison_id, AuditAct.listed, "list_people", subject="good")
    auditor._spool.keep([{**good, "id": "no id at all"}])
    auditor._spool.keep([good])
    await auditor.empty_spool()
    found = await wing.governor.get("audit", params={"subject": "good"})
    assert len(found["items"]) == 1
    assert auditor.spooling
    for path, _ in auditor._spool.batches():
        auditor._spool.forget(path)


async def test_what_waits_is_written_when_the_process_stops(wing: Wing, app: FastAPI) -> None:
    other = Auditor(app.state, app.state.settings.spool_dir)
    other.start()
    entry = audit.entry(wing.prison_id, AuditAct.listed, "list_people", subject="at the end")
    other._waiting.append(entry)
    await other.stop()
    found = await wing.governor.get("audit", params={"subject": "at the end"})
    assert len(found["items"]) == 1


async def test_a_list_is_shown_through_a_broken_glass_however_the_audit_fares(
    wing: Wing, broken: Broken, auditor: Auditor
) -> None:
    person = await wing.person()
    body = {"person_id": person["id"], "reason_code": "danger_to_life", "reason": "Unresponsive."}
    await wing.clinician.post("break-glass", body)
    await broken(True)
    await wing.clinician.get("people")
    assert auditor.spooling
    await broken(False)
    assert "list_people" in await operations(wing)


async def test_with_the_disk_gone_as_well_a_concern_for_now_is_raised_all_the_same(
    wing: Wing, broken: Broken, auditor: Auditor, tmp_path: Path
) -> None:
    mentor = await wing.active_mentor()
    there = auditor._spool.folder
    (tmp_path / "no folder").write_text("")
    auditor._spool.folder = tmp_path / "no folder" / "spool"
    await broken(True)
    body = {"kind": "welfare", "account": "He stopped answering.", "immediacy": "right_now"}
    await mentor.post("concerns", {**body, "subject_as_told": "the lad in the end cell"})
    await broken(False)
    assert "raise_concern" in await operations(wing)
    auditor._spool.folder = there


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when it is called, no new file finds room; what has its blocks can be written over."""
    opened = os.open

    def no_room(path: str | Path, flags: int, *rest: int) -> int:
        if flags & os.O_CREAT:
            raise OSError(errno.ENOSPC, "no space")
        return opened(path, flags, *rest)

    return lambda: monkeypatch.setattr("os.open", no_room)


def names(folder: Path) -> dict[str, int]:
    return dict(Counter(each.suffix for each in folder.iterdir()))


def test_a_full_disk_takes_what_must_not_wait_from_its_reserve(
    tmp_path: Path, full: Callable[[], None]
) -> None:
    spool = Spool(tmp_path)
    spool.restock()
    full()
    kept = [[{"id": str(number), "touched": ["x" * 36] * 200}] for number in range(RESERVE_FILES)]
    for each in kept:
        spool.keep(each, from_reserve=True)
    assert sorted(map(str, kept)) == sorted(str(entries) for _, entries in spool.batches())
    with pytest.raises(OSError, match="no space"):  # used up
        spool.keep([{"id": "one more"}], from_reserve=True)
    assert names(tmp_path) == {".jsonl": RESERVE_FILES}


def test_what_can_wait_leaves_the_reserve_alone(tmp_path: Path, full: Callable[[], None]) -> None:
    spool = Spool(tmp_path)
    spool.restock()
    full()
    with pytest.raises(OSError, match="no space"):
        spool.keep([{"id": "a page"}])
    with pytest.raises(OSError, match="no space"):  # no file of it is large enough
        spool.keep([{"id": "x" * RESERVE_BYTES}], from_reserve=True)
    assert names(tmp_path) == {".zeros": RESERVE_FILES}


def test_the_reserve_is_filled_up_and_what_the_dead_began_is_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.restock()
    next(tmp_path.iterdir()).rename(tmp_path / "taken.draft")
    spool.restock()
    assert names(tmp_path) == {".zeros": RESERVE_FILES, ".draft": 1}  # it may be written to now
    later = clock.real_now() + timedelta(minutes=2)
    monkeypatch.setattr("app.clock.real_now", lambda: later)
    spool.restock()
    assert names(tmp_path) == {".zeros": RESERVE_FILES}


def test_on_a_disk_that_is_really_full_the_reserve_still_takes_its_entries(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=3M", "none", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting is not possible here")
    try:
        spool = Spool(tmp_path / "spool")
        spool.restock()
        with pytest.raises(OSError, match="No space"):
            (tmp_path / "ballast").write_bytes(bytes(2**22))
        with pytest.raises(OSError, match="No space"):
            spool.keep([{"id": "a page"}])
        for number in range(RESERVE_FILES):
            spool.keep([{"id": f"concern {number}"}], from_reserve=True)
        assert names(spool.folder)[".jsonl"] == RESERVE_FILES
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


async def test_a_concern_told_to_a_full_disk_outlives_its_process(
    wing: Wing, broken: Broken, auditor: Auditor, full: Callable[[], None]
) -> None:
    mentor = await wing.active_mentor()
    auditor._spool.restock()
    await broken(True)
    full()
    body = {"kind": "welfare", "account": "He stopped answering.", "immediacy": "right_now"}
    await mentor.post("concerns", {**body, "subject_as_told": "the lad in the end cell"})
    assert auditor.spooling
    in_memory_alone = {each["operation"] for each in auditor._waiting}
    assert "raise_concern" not in in_memory_alone, "pages of lists may wait there"
    await broken(False)
    assert "raise_concern" in await operations(wing)


def test_a_full_disk_keeps_no_half_of_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        Spool(tmp_path).keep([{"id": "one"}])
    assert list(tmp_path.iterdir()) == []
