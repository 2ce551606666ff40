"""Searching concerns, others like one, and all that happened around it."""

from datetime import timedelta
from time import process_time
from typing import Any
from uuid import UUID

from app import clock, worker
from app.access import the_system
from app.models.addresses import ChannelKind
from app.models.base import new_id
from app.models.concerns import Concern, DuplicateWhy
from app.models.deliveries import Delivery
from app.services import lifecycle
from app.services.concerns.duplicates import why
from app.services.deliveries.moves import DELIVERY
from tests.concerns.conftest import Night

GONE = "He gave his radio away and would not say why."


def told(account: str = GONE, person: Any = None, as_told: str | None = None) -> Concern:
    return Concern(account=account, subject_person_id=person, subject_as_told=as_told)


def test_what_speaks_for_two_being_the_same() -> None:
    person = new_id()
    assert why(told("A.", person), told("B.", person)) == [DuplicateWhy.same_person]
    near = told("A.", as_told="The lad, end cell"), told("B.", as_told="that lad in the END cell")
    assert why(*near) == [DuplicateWhy.same_subject_as_told]
    assert why(told(), told(f"  {GONE.upper()} ")) == [DuplicateWhy.same_words]
    assert why(told(), told("He asked for a doctor.")) == []
    assert why(told("A.", person), told("B.", new_id())) == []
    assert why(told("A.", as_told="the"), told("B.", as_told="in")) == []


def test_two_hundred_long_accounts_are_compared_in_no_time() -> None:
    words = [f"word{number}" for number in range(40)]
    long = [" ".join(words[start:] + words[:start]) * 12 for start in range(40)]
    one, others = told(long[0]), [told(f"{each} {place}") for place, each in enumerate(long * 5)]
    began = process_time()
    assert all(why(one, other) == [DuplicateWhy.same_words] for other in others)
    assert process_time() - began < 2.0  # it was minutes, and nobody else was answered


async def test_others_like_it_are_offered_to_who_may_see_them_and_none_is_dropped(
    night: Night,
) -> None:
    wing = night.wing
    first = await night.raises()
    second = await night.raises(account="Something else.")
    about = {"about_staff_id": str(wing.support_worker.staff_id), "kind": "misconduct"}
    hidden = await night.raises(wing.clinician, **about)
    found = (await wing.support_worker.get(f"concerns/{first['id']}/possible-duplicates"))["items"]
    assert [(each["id"], each["why"]) for each in found] == [
        (second["id"], ["same_subject_as_told"])
    ]
    seen = (await wing.governor.get(f"concerns/{first['id']}/possible-duplicates"))["items"]
    assert hidden["id"] in {each["id"] for each in seen}
    await wing.support_worker.get(f"concerns/{hidden['id']}/possible-duplicates", 404)
    for caller in (night.mentor, wing.officer):
        await caller.get(f"concerns/{first['id']}/possible-duplicates", 403)
    clock.forward(days=8)
    later = await night.raises()
    path = f"concerns/{later['id']}/possible-duplicates"
    assert (await wing.clinician.get(path))["items"] == []


async def test_the_timeline_holds_every_step_page_receipt_act_and_look(night: Night) -> None:
    wing = night.wing
    raised = await night.raises()
    await night.sweep()
    [page] = await night.pages(wing.clinician)
    await wing.clinician.post(f"notifications/{page['id']}/read", {}, 200)
    path = f"concerns/{raised['id']}"
    await wing.clinician.get(path)
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    words = {"account": "He is asking for his sister."}
    await wing.support_worker.post(f"{path}/addenda", words)
    line = (await wing.governor.get(f"{path}/timeline"))["items"]
    kinds = [each["kind"] for each in line]
    assert set(kinds) == {
        *("raised_under", "moved", "done", "paged", "page_sent", "page_read", "looked_at"),
        "words_added",
    }
    assert [each["code"] for each in line if each["kind"] == "raised_under"] == ["site"]
    assert {each["channel"] for each in line if each["kind"] == "page_sent"} == {"log"}
    assert [each["at"] for each in line] == sorted(each["at"] for each in line)
    paged = [each for each in line if each["kind"] == "paged"]
    ids = {str(wing.clinician.staff_id), str(wing.officer.staff_id)}
    assert {each["staff_id"] for each in paged} == ids
    assert {(each["code"], each["step"]) for each in paged} == {("not_acknowledged", 0)}
    moved = [each["code"] for each in line if each["kind"] == "moved"]
    assert moved == ["raised", "acknowledged"]
    looks = {each["subject"] for each in line if each["kind"] == "looked_at"}
    assert wing.clinician.subject in looks
    assert "sister" not in str(line)
    theirs = (await wing.support_worker.get(f"{path}/timeline"))["items"]
    others = {each["subject"] for each in theirs if each["kind"] == "looked_at"}
    assert others <= {wing.support_worker.subject}
    for caller in (night.mentor, wing.officer):
        await caller.get(f"{path}/timeline", 403)


async def test_the_timeline_holds_every_receipt_hand_over_and_page_of_a_task(night: Night) -> None:
    wing, db = night.wing, night.wing.db
    raised = await night.raises()
    path = f"concerns/{raised['id']}"
    await worker.sweep(db, wing.prison_id)
    page = (await night.pages(wing.clinician))[0]
    async with db.write(wing.prison_id) as session:
        mail = Delivery(
            prison_id=wing.prison_id,
            notification_id=UUID(page["id"]),
            channel=ChannelKind.email,
        )
        system = the_system(wing.prison_id)
        await lifecycle.begin(session, DELIVERY, mail, system)
        for to, code in (("sending", None), ("failed", "put_off"), ("sending", None),
                         ("sent", None), ("delivered", None)):  # fmt: skip
            await lifecycle.move(session, DELIVERY, mail, to=to, actor=system, reason=code)
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    [duty] = (await wing.governor.get("duties?post=clinician"))["items"]
    body = {"duty_id": duty["id"], "to_staff_id": str(wing.nurse.staff_id)}
    await wing.clinician.post("handovers", body)
    due = clock.spell(clock.now() + timedelta(hours=1))
    body = {"what": "Ask.", "owner_id": str(wing.support_worker.staff_id), "due_at": due}
    await wing.clinician.post(f"{path}/actions", body)
    await worker.sweep(db, wing.prison_id)
    line = (await wing.governor.get(f"{path}/timeline"))["items"]
    mailed = [(each["kind"], each["code"]) for each in line if each["channel"] == "email"]
    assert mailed == [
        ("page_failed", "put_off"),
        ("page_sent", "not_acknowledged"),
        ("page_delivered", "not_acknowledged"),
    ]
    offered = [each for each in line if each["kind"] == "handed_over"]
    assert [(each["code"], each["staff_id"]) for each in offered] == [
        ("offered", str(wing.nurse.staff_id))
    ]
    assert "task_due_soon" in {each["code"] for each in line if each["kind"] == "paged"}


async def test_words_added_later_are_found_but_not_by_whom_they_are_not_shown(
    night: Night,
) -> None:
    raised = await night.raises()
    path = f"concerns/{raised['id']}"
    await night.wing.clinician.post(f"{path}/addenda", {"account": "His sister rang."})
    await night.mentor.post(f"{path}/addenda", {"account": "He wants the chaplain."})
    for caller, words, found in (
        (night.wing.clinician, "sister", 1),
        (night.wing.clinician, "CHAPLAIN", 1),
        (night.mentor, "chaplain", 1),
        (night.mentor, "sister", 0),
    ):
        items = (await caller.get(f"concerns?words={words}"))["items"]
        assert len(items) == found, words


async def test_the_line_of_who_it_is_about_finds_no_timeline(night: Night) -> None:
    wing = night.wing
    about = {"about_staff_id": str(wing.support_worker.staff_id), "kind": "misconduct"}
    hidden = await night.raises(wing.clinician, **about)
    await wing.support_worker.get(f"concerns/{hidden['id']}/timeline", 404)
    assert (await wing.governor.get(f"concerns/{hidden['id']}/timeline"))["items"]


async def test_concerns_are_found_by_words_person_and_time(night: Night) -> None:
    wing = night.wing
    early = await night.raises(account="He keeps a 100% watch on the door.")
    clock.forward(hours=2)
    between = clock.spell(clock.now() - timedelta(hours=1)).replace("+00:00", "Z")
    late = await night.raises(account="Nothing of that.", subject_as_told="The Watchmaker")

    async def found(query: str, caller: Any = wing.clinician) -> list[str]:
        items = (await caller.get(f"concerns?sort=recorded_at&{query}"))["items"]
        return [each["id"] for each in items]

    assert await found("words=WATCH") == [early["id"], late["id"]]
    assert await found("words=100%25") == [early["id"]]
    assert await found("words=0_ w") == []
    assert await found(f"since={between}") == [late["id"]]
    assert await found(f"until={between}") == [early["id"]]
    assert await found(f"subject_person_id={new_id()}") == []
    assert await found("words=door", night.mentor) == [early["id"]]
    for caller, query, field in (
        (wing.officer, "words=watch", "words"),
        (night.mentor, f"subject_person_id={new_id()}", "subject_person_id"),
        (night.mentor, "status=raised", "status"),
        (night.mentor, f"since={between}", "since"),
        (night.mentor, f"until={between}", "until"),
    ):
        refused = await caller.get(f"concerns?{query}", 422)
        assert [(each["field"], each["code"]) for each in refused["errors"]] == [
            (field, "out_of_reach")
        ]
    refused = await wing.clinician.get("concerns?words=ab", 422)
    assert refused["errors"][0]["field"] == "words"
