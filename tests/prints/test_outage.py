"""The hand-over sheet for an outage: who has it, what stands on it, and that it is on a disk."""

import asyncio
import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import text
from structlog.testing import capture_logs

from app import clock
from app.models.staff import StaffRole
from app.services.prints import on_disk
from app.services.prints.words import words
from tests.concerns.conftest import Night, concern
from tests.concerns.conftest import night as night
from tests.story import Caller, Wing

PATH = "prints/outage?hours=48"
THREE_DAYS = "3 days"


def read(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return "".join("".join(page.extract_text() for page in pages).replace("\u200e", "").split())


def written(folder: Path) -> list[bytes]:
    return [each.read_bytes() for each in folder.glob("*/*.pdf")]


def spelt(hours: float) -> str:
    return clock.spell(clock.now() + timedelta(hours=hours))


async def raises(wing: Wing, **fields: Any) -> str:
    body = concern(**{"immediacy": "within_24h", **fields})
    raised = await wing.support_worker.post("concerns", body)
    return str(raised["reference"])


async def execute(wing: Wing, statement: str) -> None:
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(text(statement))


async def references(caller: Caller) -> set[str]:
    return {each["reference"] for each in (await caller.get(PATH))["concerns"]}


async def test_who_has_which_post_and_when_nobody_has_is_told_with_their_numbers(
    wing: Wing,
) -> None:
    await wing.governor.patch(f"staff/{wing.nurse.staff_id}", {"contact": "bleep 4040"})
    body = {"staff_id": str(wing.nurse.staff_id), "post": "clinician"}
    duty = await wing.governor.post("duties", body | {"starts_at": spelt(-1), "ends_at": spelt(10)})
    part = {"staff_id": str(wing.clinician.staff_id), "starts_at": spelt(2), "ends_at": spelt(4)}
    await wing.governor.post(f"duties/{duty['id']}/overrides", part)
    sheet = await wing.officer.get(PATH)
    clinicians = [each for each in sheet["on_duty"] if each["post"] == "clinician"]
    nurse, clinician = wing.nurse.subject.title(), wing.clinician.subject.title()
    assert [each["name"] for each in clinicians] == [nurse, clinician, nurse, None]
    assert [each["contact"] for each in clinicians] == ["bleep 4040", None, "bleep 4040", None]
    assert clinicians[-1]["ends_at"] == sheet["until"]
    assert {each["post"] for each in sheet["on_duty"] if each["name"] is None} == {
        "clinician", "support_worker", "orderly_officer", "duty_governor", "last_resort",
    }  # fmt: skip


async def test_a_concern_is_its_reference_how_soon_state_and_clocks(night: Night) -> None:
    wing = night.wing
    body = concern(immediacy="this_session")
    raised = await wing.support_worker.post("concerns", body)
    (told,) = (await wing.officer.get(PATH))["concerns"]
    assert told["waits_for"] == "acknowledge"
    assert set(told) == {
        "reference", "immediacy", "status", "waits_for", "acknowledge_by", "acknowledged_at",
        "seen_by", "seen_at", "decide_by", "decided_at",
    }  # fmt: skip
    path = f"concerns/{raised['id']}"
    for step, where, said in (
        ("see", "acknowledgement", {}),
        ("decide", "seen", {}),
        ("close", "decision", {"decision": "A plan."}),
    ):
        await wing.clinician.post(f"{path}/{where}", said, 200)
        (told,) = (await wing.officer.get(PATH))["concerns"]
        assert told["waits_for"] == step


async def test_the_soonest_deadline_stands_first(night: Night) -> None:
    wing = night.wing
    slow, soon = await raises(wing), None
    now = await wing.support_worker.post("concerns", concern(immediacy="now"))
    soon = now["reference"]
    found = [each["reference"] for each in (await wing.officer.get(PATH))["concerns"]]
    assert found == [soon, slow]


async def test_on_it_is_what_its_reader_may_read_and_nothing_else(night: Night) -> None:
    wing = night.wing
    plain = await raises(wing)
    about_nurse = await raises(wing, kind="safeguarding", about_staff_id=str(wing.nurse.staff_id))
    conduct = await raises(
        wing,
        kind="misconduct",
        subject_as_told=None,
        subject_person_id=str(night.mentor.person_id),
    )
    security = await raises(wing, kind="security_matter")
    assert await references(wing.nurse) == {plain}
    assert await references(wing.clinician) == {plain, about_nurse}
    assert await references(wing.support_worker) == {plain}  # the mentor's supervisor
    assert await references(wing.officer) == {plain, conduct}
    assert await references(wing.governor) == {about_nurse, conduct, security}
    await night.mentor.get(PATH, 403)


async def test_on_paper_are_lines_to_write_on_and_no_person_and_no_story(night: Night) -> None:
    wing = night.wing
    reference = await raises(wing, account="A canary sang.", subject_as_told="Robin")
    answer = await wing.officer.request("GET", f"{PATH}&format=pdf")
    said, told = words(), read(answer.content)
    squeezed = {name: "".join(each.split()) for name, each in said.outage.items()}
    for word in (reference, squeezed["done"], squeezed["raised"], squeezed["handed_over"]):
        assert word in told
    assert "".join(said.notice["outage"].split()) in told
    assert "canary" not in told
    assert "Robin" not in told
    answer = await wing.officer.request("GET", f"{PATH}&format=csv")
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert rows[-1][0] == reference
    assert "canary" not in answer.text
    operation = f"audit?operation=print_outage&subject={wing.officer.subject}"
    entries = (await wing.governor.get(operation))["items"]
    assert {each["rows"] for each in entries} == {len(rows) - 1}


async def test_an_empty_wing_has_a_sheet_too(wing: Wing) -> None:
    answer = await wing.officer.request("GET", f"{PATH}&format=pdf")
    assert "".join(words().empty["concerns"].split()) in read(answer.content)


@pytest.mark.parametrize("hours", ["0", "73", "soon"])
async def test_for_how_long_is_refused_by_field(wing: Wing, hours: str) -> None:
    refused = await wing.officer.get(f"prints/outage?hours={hours}", 422)
    assert [each["field"] for each in refused["errors"]] == ["hours"]


# On a disk


async def test_on_the_disk_is_what_is_kept_from_nobody_whom_it_is_for(
    night: Night, tmp_path: Path
) -> None:
    wing = night.wing
    plain = await raises(wing)
    conduct = await raises(
        wing,
        kind="misconduct",
        subject_as_told=None,
        subject_person_id=str(night.mentor.person_id),
    )
    about_nurse = await raises(wing, kind="safeguarding", about_staff_id=str(wing.nurse.staff_id))
    deputy = await wing.hires(StaffRole.governor)
    about_deputy = await raises(wing, kind="safeguarding", about_staff_id=str(deputy.staff_id))
    in_words = await raises(wing, kind="safeguarding", about_staff_as_told="the one with a beard")
    duty, governor = await on_disk.write(wing.db, wing.prison_id, tmp_path)
    everyone = {plain, conduct, about_nurse, about_deputy, in_words}
    on_it = [{each for each in everyone if each in read(path.read_bytes())}
             for path in (duty, governor)]  # fmt: skip
    assert on_it == [{plain}, {conduct, about_nurse}]
    assert [path.stat().st_mode & 0o777 for path in (duty, governor)] == [0o600, 0o600]
    assert sorted(each.name for each in duty.parent.iterdir()) == ["duty-governor.pdf", "duty.pdf"]
    async with wing.db.write(wing.prison_id) as db:
        found = text("SELECT role, rows FROM audit_entry WHERE operation = 'write_outage_sheets'")
        [(role, rows)] = (await db.execute(found)).all()
    assert role == "system"
    assert rows > len(on_it)


async def test_the_worker_keeps_it_young_and_leaves_the_last_one_when_it_cannot(
    night: Night, tmp_path: Path
) -> None:
    wing, every = night.wing, timedelta(minutes=30)
    path = tmp_path / wing.prison_id / "duty.pdf"
    await on_disk.keep(wing.db, wing.prison_id, tmp_path, every)
    first = path.read_bytes()
    reference = await raises(wing)
    assert reference not in read(first)
    await on_disk.keep(wing.db, wing.prison_id, tmp_path, every)
    assert path.read_bytes() == first  # young enough
    await on_disk.keep(wing.db, wing.prison_id, tmp_path, timedelta(0))
    second = path.read_bytes()
    assert reference in read(second)
    path.with_name("duty-governor.pdf").unlink()
    path.with_name("duty-governor.pdf").mkdir()  # in the way: nothing can take its place
    with capture_logs() as told:
        await on_disk.keep(wing.db, wing.prison_id, tmp_path, timedelta(0))
    assert [each["event"] for each in told] == ["outage_sheet_failed"]
    assert reference in read(path.read_bytes())
    assert not list(path.parent.glob(".*"))


async def test_the_worker_begins_at_once_and_stops_when_it_is_told(
    wing: Wing, tmp_path: Path
) -> None:
    stopping = asyncio.Event()
    served = on_disk.serve(wing.db, tmp_path, timedelta(minutes=30), stopping)
    serving = asyncio.create_task(served)
    for _ in range(600):
        if written(tmp_path):
            break
        await asyncio.sleep(0.1)
    stopping.set()
    await asyncio.wait_for(serving, 30)
    assert written(tmp_path)
    assert all(each.startswith(b"%PDF-") for each in written(tmp_path))


async def test_a_folder_that_is_none_is_refused(wing: Wing, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    with pytest.raises(NotADirectoryError):
        await on_disk.write(wing.db, wing.prison_id, in_the_way)


async def test_of_more_than_fit_the_first_due_stand_on_it_and_how_many_more_there_are(
    night: Night, tmp_path: Path
) -> None:
    wing = night.wing
    late = await raises(wing)
    await execute(wing, f"UPDATE concern SET acknowledge_by = acknowledge_by + '{THREE_DAYS}'")
    await execute(
        wing,
        "INSERT INTO concern SELECT (jsonb_populate_record(c, jsonb_build_object("
        " 'id', gen_random_uuid(), 'reference', 'CMANY' || n,"
        f" 'acknowledge_by', c.acknowledge_by - interval '{THREE_DAYS}'))).*"
        " FROM concern c, generate_series(1, 1001) AS n",
    )
    soon = await raises(wing, immediacy="now")
    sheet = await wing.officer.get(PATH)
    assert sheet["concerns"][0]["reference"] == soon
    assert (len(sheet["concerns"]), sheet["concerns_left_out"]) == (1000, 3)
    assert late not in {each["reference"] for each in sheet["concerns"]}
    rows = (await wing.officer.request("GET", f"{PATH}&format=csv")).text
    assert "do not fit on this sheet: 3." in rows
    await on_disk.write(wing.db, wing.prison_id, tmp_path)
    pdf = read((tmp_path / wing.prison_id / "duty.pdf").read_bytes())
    assert "donotfitonthissheet:3." in pdf
    assert soon in pdf
    assert late not in pdf


async def test_where_all_fits_nothing_is_said_of_what_does_not(night: Night) -> None:
    await raises(night.wing)
    sheet = await night.wing.officer.get(PATH)
    assert (sheet["concerns_left_out"], sheet["on_duty_left_out"]) == (0, 0)
    rows = (await night.wing.officer.request("GET", f"{PATH}&format=csv")).text
    assert "do not fit" not in rows
