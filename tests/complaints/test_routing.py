"""A complaint goes past whoever it is about: they learn nothing of it, by no way."""

import asyncio
from typing import Any

import pytest

from app import clock, worker
from app.audit import FLUSH_SECONDS
from app.integrations.notify.log import LogChannel
from app.models.staff import StaffRole
from tests.complaints.test_routes import UNKNOWN, assigned, prisoner, words
from tests.story import Caller, Wing

ACCOUNT = "He shouts at us."


async def complains(wing: Wing, **about: Any) -> Any:
    """A prisoner complains of somebody; as staff see it who may."""
    caller = await prisoner(wing)
    return await caller.post("complaints", words(account=ACCOUNT, **about))


async def sweeps(wing: Wing, **ahead: float) -> None:
    clock.forward(**ahead)
    await worker.sweep(wing.db, wing.prison_id)
    await worker.deliver(wing.db, wing.prison_id, LogChannel())
    await worker.seal(wing.db, wing.prison_id)
    await worker.housekeeping(wing.db, wing.prison_id)


async def learns_nothing(wing: Wing, caller: Caller, made: Any) -> None:
    """Every way to it answers as if it were not there."""
    path, absent = f"complaints/{made['id']}", f"complaints/{UNKNOWN}"
    someone = {"staff_id": str(wing.governor.staff_id)}
    for method, rest, body in (
        ("GET", "", None),
        ("GET", "/history", None),
        ("POST", "/assignment", someone),
        ("POST", "/answer", {"answer": "It was not so."}),
        ("POST", "/moves", {"to": "withdrawn_by_person", "reason": "settled"}),
        ("PUT", "/about", {"about": "service"}),
    ):
        headers = {"If-Match": "*"} if method == "PUT" else {}
        answers = [
            await caller.request(method, f"{address}{rest}", json=body, headers=headers)
            for address in (path, absent)
        ]
        theirs, none = [
            (each.status_code, {**each.json(), "instance": None}, each.headers.get("etag"))
            for each in answers
        ]
        assert theirs == none, (method, rest)
        assert theirs[0] in {403, 404}, (method, rest)
    if caller is not wing.officer:
        for query in ("", "?about=staff", "?overdue=true", "?limit=1"):
            listed = await caller.get(f"complaints{query}")
            assert listed == {"items": [], "next": None}
    for address in ("tasks?limit=200", "notifications?limit=200"):
        told = str(await caller.get(address))
        assert made["id"] not in told
        assert "complaint" not in told


async def audited(caller: Caller) -> str:
    """All that somebody finds in the audit, but for where they were refused themselves."""
    await asyncio.sleep(2 * FLUSH_SECONDS)
    found = await caller.get("audit", params={"limit": 200})
    return str([entry for entry in found["items"] if entry["act"] != "refused"])


# --- about staff -----------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["support_worker", "nurse", "officer", "governor"])
async def test_the_accused_learns_nothing_whoever_they_are(wing: Wing, who: str) -> None:
    deputy = await wing.hires(StaffRole.governor)
    accused: Caller = getattr(wing, who)
    made = await complains(wing, about="staff", about_staff_id=str(accused.staff_id))
    await sweeps(wing, days=12)
    path = f"complaints/{made['id']}"
    assert (await deputy.get(path))["account"] == ACCOUNT
    await assigned(wing, path, deputy)
    await deputy.post(f"{path}/answer", {"answer": "I spoke with him."}, expect=200)
    await learns_nothing(wing, accused, made)
    assert made["id"] not in await audited(accused)


async def test_about_staff_is_for_governors_alone_and_so_is_its_task(wing: Wing) -> None:
    made = await complains(wing, about="staff", about_as_told="the tall officer")
    path = f"complaints/{made['id']}"
    for caller in (wing.support_worker, wing.clinician):
        await learns_nothing(wing, caller, made)
    (task,) = (await wing.governor.get("tasks?kind=complaint_due"))["items"]
    assert task["for_role"] == "governor"
    body = {"staff_id": str(wing.support_worker.staff_id)}
    await wing.governor.post(f"{path}/assignment", body, expect=422)


async def test_its_pages_go_to_another_governor_than_the_accused(wing: Wing) -> None:
    deputy = await wing.hires(StaffRole.governor)
    made = await complains(wing, about="staff", about_staff_id=str(wing.governor.staff_id))
    await sweeps(wing, days=12)
    (task,) = (await deputy.get("tasks?kind=complaint_due"))["items"]
    assert task["thing_id"] == made["id"]
    assert (await deputy.get("notifications"))["items"]
    assert (await wing.governor.get("notifications"))["items"] == []


async def test_who_enters_one_about_himself_gets_a_receipt_like_any_other(wing: Wing) -> None:
    body = words(
        raised_by_person_id=(await wing.person())["id"],
        about="staff",
        about_staff_id=str(wing.support_worker.staff_id),
    )
    made = await wing.support_worker.post("complaints", body)
    assert set(made) == {"id", "reference", "status", "due_at"}
    await learns_nothing(wing, wing.support_worker, made)


# --- about a mentor --------------------------------------------------------------------------


async def test_a_mentor_and_his_supervisor_learn_nothing_of_one_about_him(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    colleague = await wing.hires(StaffRole.support_worker)
    about = {"about": "mentor", "about_mentor_id": str(mentor.mentor_id)}
    made = await complains(wing, **about)
    path = f"complaints/{made['id']}"
    await sweeps(wing, days=12)
    await learns_nothing(wing, wing.support_worker, made)
    assert (await mentor.get("complaints"))["items"] == []
    await mentor.get(path, expect=404)
    for caller in (colleague, wing.clinician, wing.governor):
        assert (await caller.get(path))["about_mentor_id"] == str(mentor.mentor_id)
    body = {"staff_id": str(wing.support_worker.staff_id)}
    await colleague.post(f"{path}/assignment", body, expect=422)
    (task,) = (await colleague.get("tasks?kind=complaint_due"))["items"]
    assert task["for_role"] == "support_worker"


async def supervises(wing: Wing, staff: Caller, mentor: Caller) -> None:
    path = f"mentors/{mentor.mentor_id}/supervisor"
    await wing.support_worker.put(path, {"staff_id": str(staff.staff_id)})


async def test_a_mentors_new_supervisor_learns_nothing_of_what_is_open_about_him(
    wing: Wing,
) -> None:
    mentor, successor = await wing.active_mentor(), await wing.hires(StaffRole.support_worker)
    made = await complains(wing, about="mentor", about_mentor_id=str(mentor.mentor_id))
    path = f"complaints/{made['id']}"
    await assigned(wing, path, successor)
    await sweeps(wing, days=12)
    await supervises(wing, successor, mentor)
    await learns_nothing(wing, successor, made)
    shown = await wing.governor.get(path)
    assert (shown["status"], shown["assigned_to"]) == ("assigned", None)
    (task,) = (await wing.governor.get("tasks?kind=complaint_due"))["items"]
    assert (task["for_role"], task["for_staff_id"]) == ("support_worker", None)


async def test_who_hands_the_mentor_over_reads_no_more_of_it_than_before_open_or_over(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    successor, third = [await wing.hires(StaffRole.support_worker) for _ in range(2)]
    made = await complains(wing, about="mentor", about_mentor_id=str(mentor.mentor_id))
    path = f"complaints/{made['id']}"
    await supervises(wing, successor, mentor)
    await learns_nothing(wing, wing.support_worker, made)
    await assigned(wing, path, wing.governor)
    await wing.governor.post(f"{path}/answer", {"answer": "I spoke with him."}, expect=200)
    await wing.governor.move(path, "closed", reason="person_told")
    assert (await third.get(path))["status"] == "closed"
    version = (await wing.governor.get(path))["version"]
    await supervises(wing, third, mentor)
    for caller in (wing.support_worker, successor, third):
        await learns_nothing(wing, caller, made)
    assert (await wing.governor.get(path))["assigned_to"] == str(wing.governor.staff_id)
    assert (await wing.clinician.get(path))["version"] == version + 1


async def test_said_of_the_same_mentor_again_it_stays_kept_from_who_was_his_supervisor(
    wing: Wing,
) -> None:
    mentor, other = await wing.active_mentor(), await wing.active_mentor()
    successor = await wing.hires(StaffRole.support_worker)
    made = await complains(wing, about="mentor", about_mentor_id=str(mentor.mentor_id))
    path = f"complaints/{made['id']}"
    await supervises(wing, successor, mentor)
    same = {"about": "mentor", "about_mentor_id": str(mentor.mentor_id)}
    await wing.governor.put(f"{path}/about", same)
    await learns_nothing(wing, wing.support_worker, made)
    await learns_nothing(wing, successor, made)
    another = {**same, "about_mentor_id": str(other.mentor_id)}
    await wing.governor.put(f"{path}/about", another)
    assert (await successor.get(path))["account"] == ACCOUNT
    await learns_nothing(wing, wing.support_worker, made)


async def test_nor_of_an_open_concern_about_his_conduct(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    one, other = [await wing.hires(StaffRole.support_worker) for _ in range(2)]
    about = {"kind": "misconduct", "subject_person_id": str(mentor.person_id)}
    raised = await (await prisoner(wing)).post("concerns", {"account": "He hits us.", **about})
    path = f"concerns/{raised['id']}"
    assert (await one.get(path))["account"] == "He hits us."
    await supervises(wing, one, mentor)
    await one.get(path, expect=404)
    assert raised["id"] not in str(await one.get("concerns"))
    assert (await other.get(path))["account"] == "He hits us."


async def test_the_answer_is_the_same_whether_whom_it_names_is_known_or_not(wing: Wing) -> None:
    known = str(wing.clinician.staff_id)
    first = await complains(wing, about="staff", about_staff_id=known)
    second = await complains(wing, about="staff", about_staff_id=UNKNOWN)
    third = await complains(wing, about="mentor", about_mentor_id=UNKNOWN)
    assert set(first) == set(second) == set(third)
    assert first["status"] == second["status"] == third["status"]
    told = (await wing.governor.get(f"complaints/{second['id']}"))["about_as_told"]
    assert told == f"a member of staff (given as {UNKNOWN})"


async def test_whoever_complains_reads_the_same_whether_whom_they_name_is_known_or_not(
    wing: Wing,
) -> None:
    mentor, caller = await wing.active_mentor(), await prisoner(wing)
    for about, known in (("mentor", mentor.mentor_id), ("staff", wing.clinician.staff_id)):
        for words_given in (None, "him"):
            read = []
            for given in (str(known), UNKNOWN):
                fields = {"about": about, f"about_{about}_id": given, "about_as_told": words_given}
                made = await caller.post("complaints", words(**fields))
                own = await caller.get(f"complaints/{made['id']}")
                read.append(own["about_as_told"].replace(given, "…"))
            assert read[0] == read[1]


async def test_about_a_mentor_nobody_has_named_it_is_for_governors_until_one_says_who(
    wing: Wing,
) -> None:
    """Before that nobody knows whose supervisor must not read it."""
    mentor = await wing.active_mentor()
    made = await complains(wing, about="mentor", about_as_told="the mentor on the twos")
    path = f"complaints/{made['id']}"
    colleague = await wing.hires(StaffRole.support_worker)
    await learns_nothing(wing, colleague, made)
    refused = await wing.governor.put(
        f"{path}/about", {"about": "mentor", "about_mentor_id": UNKNOWN}, expect=422
    )
    assert refused["errors"][0]["field"] == "about_mentor_id"
    said = {"about": "mentor", "about_mentor_id": str(mentor.mentor_id)}
    await wing.governor.put(f"{path}/about", said, expect=428, headers={})
    shown = await wing.governor.put(f"{path}/about", said)
    assert shown["about_as_told"] == "the mentor on the twos"
    assert (await colleague.get(path))["account"] == ACCOUNT
    await learns_nothing(wing, wing.support_worker, made)
    (task,) = (await colleague.get("tasks?kind=complaint_due"))["items"]
    assert task["for_role"] == "support_worker"


# --- as it turns out -------------------------------------------------------------------------


async def test_once_it_turns_out_to_be_about_whoever_has_it_they_have_it_no_more(
    wing: Wing,
) -> None:
    made = await complains(wing)
    path = f"complaints/{made['id']}"
    await assigned(wing, path, wing.support_worker)
    await sweeps(wing, days=12)
    pages = (await wing.support_worker.get("notifications"))["items"]
    assert pages
    said = {"about": "staff", "about_staff_id": str(wing.support_worker.staff_id)}
    receipt = await wing.clinician.put(f"{path}/about", said)
    assert set(receipt) == {"id", "reference", "status", "due_at"}
    await learns_nothing(wing, wing.support_worker, made)
    assert made["id"] not in await audited(wing.support_worker)
    assert (await wing.support_worker.get("notifications"))["items"] == []
    shown = await wing.governor.get(path)
    assert (shown["status"], shown["assigned_to"]) == ("assigned", None)
    (task,) = (await wing.governor.get("tasks?kind=complaint_due"))["items"]
    assert (task["for_role"], task["for_staff_id"]) == ("governor", None)
    await assigned(wing, path, wing.governor)
    await wing.governor.post(f"{path}/answer", {"answer": "I looked."}, expect=200)


async def test_only_a_governor_says_that_it_is_about_another_than_was_named(wing: Wing) -> None:
    mentor, other = await wing.active_mentor(), await wing.active_mentor()
    made = await complains(wing, about="mentor", about_mentor_id=str(mentor.mentor_id))
    path = f"complaints/{made['id']}/about"
    colleague = await wing.hires(StaffRole.support_worker)
    another = {"about": "mentor", "about_mentor_id": str(other.mentor_id)}
    dropped, unknown = {"about": "service"}, {**another, "about_mentor_id": UNKNOWN}
    for caller in (colleague, wing.clinician):
        for said in (another, dropped, unknown):
            refused = await caller.put(path, said, expect=403)
            assert refused["code"] == "not_allowed"
    await learns_nothing(wing, wing.support_worker, made)
    kept = {"about": "service", "about_mentor_id": str(mentor.mentor_id)}
    await colleague.put(path, kept)
    shown = await wing.governor.put(path, another)
    assert shown["about_mentor_id"] == str(other.mentor_id)


async def test_of_one_about_a_mentor_nothing_is_told_to_him_who_asks_what_is_held(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    about = {"about": "mentor", "about_mentor_id": str(mentor.mentor_id)}
    made = await complains(wing, **about)
    raiser = await wing.governor.get(f"complaints/{made['id']}")
    token = wing.issuer.issue_to_client("subject-access", [], roles=["ROLE_SAR_DATA_ACCESS"])
    told = {}
    for name, person_id in (
        ("mentor", str(mentor.person_id)),
        ("raiser", raiser["raised_by_person_id"]),
    ):
        number = (await wing.support_worker.get(f"people/{person_id}"))["number"]
        answer = await wing.http.get(
            f"/subject-access-request?prn={number}", headers={"Authorization": f"Bearer {token}"}
        )
        told[name] = answer.text
    assert ACCOUNT in told["raiser"]
    assert ACCOUNT not in told["mentor"]
    assert "complaint" not in told["mentor"]
