"""Sheets over HTTP: who prints what, in which formats, and what never stands on one."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from app import clock
from app.models.sessions import SessionKind
from app.models.staff import StaffRole
from app.services.prints.words import words
from app.services.working_days import local_date
from tests.house.answers import problem
from tests.sessions.scene import Scene, a_scene, tomorrow
from tests.story import Caller, Wing

SLOTS = [
    {"slot": "AM", "starts": "08:30", "ends": "11:30"},
    {"slot": "PM", "starts": "13:45", "ends": "16:30"},
    {"slot": "NIGHT", "starts": "20:00", "ends": "08:00"},
]


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    for weekday in range(1, 8):
        body = {"lock_up": "19:30", "slots": SLOTS}
        await wing.support_worker.put(f"regimes/{weekday}", body, 201, headers={})
    return await a_scene(wing)


def day() -> str:
    return str(local_date(tomorrow()))


def paths(scene: Scene, session: Any) -> dict[str, str]:
    wing = scene.wing.wing_id
    return {
        "sheet": f"prints/wings/{wing}/sheet?on={day()}",
        "movements": f"prints/wings/{wing}/movements?on={day()}&slot=AM",
        "week": f"prints/mentors/{scene.mentor.mentor_id}/week?on={day()}",
        "register": f"prints/sessions/{session['id']}/register?",
    }


async def paper(caller: Caller, path: str) -> str:
    answer = await caller.request("GET", f"{path}&format=pdf")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    pages = PdfReader(io.BytesIO(answer.content)).pages
    text = "".join(page.extract_text() for page in pages)
    return "".join(text.replace("\u200e", "").split())  # where the reader puts it says nothing


async def table(caller: Caller, path: str) -> list[list[str]]:
    answer = await caller.request("GET", f"{path}&format=csv")
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.text, newline="")))


async def lives(wing: Wing, cell: str | None, mentee_id: str) -> None:
    change = text(
        "UPDATE person SET cell_location = :cell WHERE prison_id = :prison AND id ="
        " (SELECT person_id FROM mentee WHERE prison_id = :prison AND id = :id)"
    )
    async with wing.db.write(wing.prison_id) as db:
        await db.execute(change, {"cell": cell, "id": mentee_id, "prison": wing.prison_id})


async def named(wing: Wing, mentee_id: str) -> str:
    return str((await wing.support_worker.get(f"mentees/{mentee_id}"))["display_name"])


async def test_all_formats_tell_the_same(scene: Scene) -> None:
    for number, mentee in enumerate(scene.mentees):
        await lives(scene.wing, f"D-1-00{3 - number}", mentee)
    session = await scene.group()
    known = await scene.mentor.get(f"sessions/{session['id']}")
    first_names = [each["display_name"] for each in known["participations"]]
    for sheet, path in paths(scene, session).items():
        shown = await scene.support_worker.get(path)
        rows, printed = (
            await table(scene.support_worker, path),
            await paper(scene.support_worker, path),
        )
        names = [await named(scene.wing, mentee) for mentee in scene.mentees]
        for name in first_names if sheet == "week" else names:  # it ends in the mentor's hands
            assert name in str(shown)
            assert name in str(rows)
            assert "".join(name.split()) in printed
        assert "OFFICIAL-SENSITIVE" in printed
        assert "".join(scene.support_worker.subject.title().split()) in printed


async def test_movements_are_in_the_order_of_cells(scene: Scene) -> None:
    for number, mentee in enumerate(scene.mentees):
        await lives(scene.wing, f"D-{3 - number}-010", mentee)
    session = await scene.group()
    shown = await scene.wing.officer.get(paths(scene, session)["movements"])
    cells = [each["cell_location"] for each in shown["lines"] if each["cell_location"]]
    assert cells == ["D-1-010", "D-2-010", "D-2-014", "D-3-010"]  # the mentor goes too
    assert (shown["slot"], shown["starts"]) == ("AM", "08:30:00")


async def test_the_wing_sheet_has_slots_and_who_is_on_call(scene: Scene) -> None:
    wing = scene.wing
    duty = {"staff_id": str(wing.clinician.staff_id), "post": "clinician"}
    await wing.governor.post("duties", {**duty, "starts_at": clock.spell(clock.now())})
    session = await scene.group()
    shown = await wing.officer.get(paths(scene, session)["sheet"])
    assert [(each["slot"], len(each["lines"])) for each in shown["slots"]] == [
        ("AM", 4),  # its mentor goes there too, and is told from nobody
        ("PM", 0),
        ("NIGHT", 0),
    ]
    assert [(each["post"], each["name"]) for each in shown["on_call"]] == [
        ("clinician", wing.clinician.subject.title())
    ]
    assert shown["lock_up"] == "19:30:00"


async def test_a_day_of_nothing_prints_a_sheet_that_says_so(scene: Scene) -> None:
    wing, far = scene.wing.wing_id, "2040-01-02"
    expected = {
        f"prints/wings/{wing}/sheet?on={far}": "Nobodyisdueanywhereonthisday.",
        f"prints/wings/{wing}/movements?on={far}&slot=PM": "Nobodyistobemovedinthisslot.",
        f"prints/wings/{wing}/movements?on={far}&slot=ED": "Thisdayhasnosuchslotintheregime.",
        f"prints/mentors/{scene.mentor.mentor_id}/week?on={far}": "Nothingisplannedinthisweek.",
    }
    for path, said in expected.items():
        assert said in await paper(scene.wing.officer, path)
        assert len(await table(scene.wing.officer, path)) == 1


async def test_no_sheet_tells_the_kind_of_a_session_nor_a_number(scene: Scene) -> None:
    lead = str(scene.wing.clinician.staff_id)
    body = scene.plan(kind="art_therapy", lead_staff_id=lead, mentee_ids=scene.mentees)
    art = await scene.support_worker.post("sessions", body)
    kinds = [each.value for each in SessionKind] + [
        "art",
        "cbt",
        "therapy",
        "mental",
        "mentor_name",
    ]
    people = (await scene.support_worker.get("people?limit=200"))["items"]
    for path in paths(scene, art).values():
        answer = await scene.support_worker.request("GET", path)
        told = answer.text.lower() + str(await table(scene.support_worker, path)).lower()
        told += (await paper(scene.support_worker, path)).lower()
        told = told.replace("mental_health", "")
        told = told.replace("starts_at", "").replace("starts", "").replace("part", "")
        assert not [word for word in kinds if word in told]
        assert not [each["number"] for each in people if each["number"].lower() in told]


async def test_the_week_and_the_register_tell_no_cell(scene: Scene) -> None:
    for mentee in scene.mentees:
        await lives(scene.wing, "D-9-999", mentee)
    session = await scene.group()
    by_name = paths(scene, session)
    for name in ("week", "register"):
        assert "D-9-999" not in str(await scene.support_worker.get(by_name[name]))
        assert "D-9-999" not in await paper(scene.support_worker, by_name[name])


async def test_a_week_has_no_more_names_than_the_mentor_may_know(scene: Scene) -> None:
    """Also when staff print it: it ends in the mentor's hands."""
    session = await scene.group()
    path = paths(scene, session)["week"]
    gone = scene.mentees[0]
    name = await named(scene.wing, gone)

    async def people(caller: Caller) -> list[str]:
        week = await caller.get(path)
        return [each for on in week["days"] for line in on["lines"] for each in line["people"]]

    assert await people(scene.support_worker) == ["Jo 1", "Jo 2", "Jo 3"]
    pairing = (await scene.support_worker.get(f"pairings?mentee_id={gone}"))["items"][0]
    ended = text("UPDATE pairing SET status = 'ended', ended_at = :at WHERE id = :id")
    async with scene.wing.db.write(scene.wing.prison_id) as db:
        at = clock.now() + timedelta(minutes=1)
        await db.execute(ended, {"id": pairing["id"], "at": at})
    assert await people(scene.mentor) == ["Jo 1", "Jo 2"]
    assert await people(scene.support_worker) == ["Jo 1", "Jo 2"]
    assert name in str(await scene.support_worker.get(paths(scene, session)["register"]))


async def test_a_week_of_somebody_who_may_see_no_session_has_none(scene: Scene) -> None:
    """A suspended mentor keeps nothing of the scheme, on paper neither."""
    session = await scene.held(kind="group", mentee_ids=scene.mentees)
    name = await named(scene.wing, scene.mentees[0])
    path = f"prints/mentors/{scene.mentor.mentor_id}/week?on={session['starts_at'][:10]}"
    before = await scene.support_worker.get(path)
    assert sum(len(each["lines"]) for each in before["days"]) == 1
    mentor = f"mentors/{scene.mentor.mentor_id}"
    await scene.wing.governor.move(mentor, "suspended", reason="welfare")
    after = await scene.support_worker.get(path)
    assert [each["lines"] for each in after["days"]] == [[]] * 7
    assert name not in str(await table(scene.support_worker, path))


async def test_a_date_of_its_own_and_a_lockdown_are_on_paper(scene: Scene) -> None:
    """What the day is like comes from its exception, and a lockdown is told while it stands."""
    at, wing = tomorrow(10), scene.wing
    body = {
        "on_date": day(),
        "reason": "staff_training",
        "lock_up": "15:00",
        "slots": [{"slot": "PM", "starts": "13:00", "ends": "15:00"}],
    }
    await wing.support_worker.post("regime-exceptions", body)
    path = f"prints/wings/{wing.wing_id}/sheet?on={day()}"
    shown = await wing.officer.get(path)
    assert (shown["regime"], shown["lock_up"]) == ("exception", "15:00:00")
    assert [each["slot"] for each in shown["slots"]] == ["PM"]
    assert words().notice["exception"].replace(" ", "") in await paper(wing.officer, path)
    movements = await wing.officer.get(f"prints/wings/{wing.wing_id}/movements?on={day()}")
    assert (movements["slot"], movements["starts"]) == ("PM", "13:00:00")
    until = clock.spell(at + timedelta(hours=5))
    lockdown = await wing.support_worker.post(
        "lockdowns", {"from": clock.spell(at), "to": until, "reason": "regime_lockdown"}
    )
    [told] = (await wing.officer.get(path))["lockdowns"]
    assert told == {"starts_at": clock.spell(at), "ends_at": until}
    assert "nobodyisunlocked" in await paper(wing.officer, path)
    await wing.support_worker.post(f"lockdowns/{lockdown['id']}/lift", {}, 200)
    assert (await wing.officer.get(path))["lockdowns"] == []


async def test_mentors_print_their_own_week_and_nothing_else(scene: Scene) -> None:
    session = await scene.group()
    by_name = paths(scene, session)
    own = await scene.mentor.get(by_name["week"])
    assert own["mentor_id"] == str(scene.mentor.mentor_id)
    assert await paper(scene.mentor, by_name["week"])
    other = await scene.one_more()
    problem(await other.request("GET", by_name["week"]), 404, "not_found")
    for name in ("sheet", "movements", "register"):
        problem(await scene.mentor.request("GET", by_name[name]), 403, "not_allowed")


async def test_who_sees_no_session_prints_none(scene: Scene) -> None:
    """A governor sees counts of sessions; applicants, suspended mentors and machines nothing."""
    session = await scene.group()
    wing = scene.wing
    applicant = await wing.applicant()
    refused = [
        wing.governor,
        wing.as_person(applicant["person_id"], applicant["id"]),
        await wing.lets_in("concerns.read"),
    ]
    allowed = [
        wing.officer,
        wing.support_worker,
        wing.clinician,
        wing.nurse,
        await wing.hires(StaffRole.mental_health_lead),
    ]
    for path in paths(scene, session).values():
        for caller in refused:
            problem(await caller.request("GET", path), 403, "not_allowed")
        for caller in allowed:
            await caller.get(path)


async def test_what_was_cancelled_is_on_no_sheet(scene: Scene) -> None:
    session = await scene.group()
    name = await named(scene.wing, scene.mentees[0])
    await scene.support_worker.move(f"sessions/{session['id']}", "cancelled", reason="no_room")
    by_name = paths(scene, session)
    for sheet in ("sheet", "movements", "week"):
        assert name not in str(await scene.support_worker.get(by_name[sheet]))
    answer = await scene.support_worker.request("GET", by_name["register"])
    problem(answer, 409, "not_planned")


async def test_who_has_left_is_on_no_sheet(scene: Scene) -> None:
    session = await scene.group()
    mentee = await scene.support_worker.get(f"mentees/{scene.mentees[0]}")
    await scene.wing.presence(mentee["person_id"], "left")
    for path in paths(scene, session).values():
        assert mentee["display_name"] not in str(await scene.support_worker.get(path))


@pytest.mark.parametrize("kind", ["json", "csv", "pdf"])
async def test_each_print_is_in_the_audit_with_its_rows(scene: Scene, kind: str) -> None:
    session = await scene.group()
    path = paths(scene, session)["register"]
    answer = await scene.support_worker.request("GET", f"{path}&format={kind}")
    assert answer.status_code == 200
    page = await scene.wing.governor.get("audit?operation=print_register")
    [entry] = page["items"]
    assert (entry["subject"], entry["act"], entry["rows"]) == (
        scene.support_worker.subject,
        "read",
        len(scene.mentees),
    )
    assert session["id"] in entry["ids"]


async def test_a_sheet_that_would_be_too_long_is_refused_whole(scene: Scene) -> None:
    many = text(
        "INSERT INTO session (prison_id, id, recorded_at, version, kind, status, mentor_id,"
        " starts_at, ends_at, disclosure) SELECT :prison, gen_random_uuid(), :at, 1, 'day_to_day',"
        " 'planned', :mentor, CAST(:at AS timestamptz) + n * interval '1 minute',"
        " CAST(:at AS timestamptz) + (n + 1) * interval '1 minute', 'ordinary'"
        " FROM generate_series(1, 301) n"
    )
    at = tomorrow(10)
    async with scene.wing.db.write(scene.wing.prison_id) as db:
        values = {"prison": scene.wing.prison_id, "at": at, "mentor": scene.mentor.mentor_id}
        await db.execute(many, values)
    path = f"prints/wings/{scene.wing.wing_id}/sheet?on={day()}"
    answer = await scene.support_worker.request("GET", path)
    problem(answer, 409, "sheet_too_long")
    movements = f"prints/wings/{scene.wing.wing_id}/movements?on={day()}&slot=AM"
    shown = await scene.support_worker.get(movements)  # of one slot: short enough
    assert len(shown["lines"]) <= 90 + 1


async def test_todays_next_slot_is_printed_unless_told(scene: Scene) -> None:
    now = clock.now()
    path = f"prints/wings/{scene.wing.wing_id}/movements"
    shown = await scene.wing.officer.get(path)
    assert shown["on"] == str(local_date(now))
    assert shown["slot"] in {"AM", "PM", "NIGHT"}
    for wrong in ("slot=LUNCH", "on=yesterday", "on=2201-01-01", "format=docx"):
        problem(await scene.wing.officer.request("GET", f"{path}?{wrong}"), 422, "invalid")


async def test_times_on_paper_are_the_prisons(scene: Scene) -> None:
    """A session at ten in a summer's morning is not printed as at nine."""
    at = datetime.fromisoformat("2027-07-05T09:00:00+00:00")
    clock.set_offset(at - timedelta(days=1) - clock.real_now())
    body = scene.plan(at)
    answer = await scene.support_worker.request("POST", "sessions", json=body)
    if answer.status_code != 201:
        pytest.fail(answer.text)
    path = f"prints/wings/{scene.wing.wing_id}/sheet?on=2027-07-05"
    rows = await table(scene.wing.officer, path)
    assert {row[1] for row in rows[1:] if row[0] == "AM"} == {"10:00"}
