"""What the tour says of confidences: the clinical room, a glass broken, and every look recorded."""

from datetime import timedelta

from app.clock import spell
from app.tour.cast import Cast
from app.tour.teller import check

WORDS = "When it gets loud he counts the bars of the window."


async def confidences(cast: Cast) -> None:
    cast.teller.begin("What is kept in confidence, and who looked")
    mentee = await cast.support_worker.asks("", f"mentees/{cast.mentee_id}")
    person = mentee["person_id"]
    await _plan(cast, person)
    await _note(cast, person)
    await _glass(cast)
    await _looked(cast, person)


async def _plan(cast: Cast, person_id: str) -> None:
    """The mentee ticks what his mentor may read, item by item."""
    again = (cast.watch.now + timedelta(days=14)).date()
    body = {"person_id": person_id, "review_on": str(again)}
    plan = await cast.clinician.sends("writes a safety plan with him", "safety-plans", body)
    path = f"safety-plans/{plan['id']}/items"
    ticked = {"kind": "coping_strategy", "text": WORDS, "shared_with_mentor": True}
    await cast.clinician.sends("writes what he lets his mentor read", path, ticked)
    unticked = {"kind": "warning_sign", "text": "He gives his things away."}
    await cast.clinician.sends("and what he does not", path, unticked)
    read = await cast.mentor.asks("reads his part of it", f"safety-plans/{plan['id']}")
    texts = [item["text"] for item in read["items"]]
    check(texts == [WORDS], f"one item and no more: {texts}")


async def _note(cast: Cast, person_id: str) -> None:
    body = {
        "person_id": person_id,
        "kind": "contact",
        "text": "Slept four hours; will be seen again tomorrow.",
        "occurred_at": spell(cast.watch.now),
    }
    note = await cast.clinician.sends("writes a clinical note", "clinical-notes", body)
    path = f"clinical-notes/{note['id']}"
    for who in (cast.support_worker, cast.mentor, cast.governor):
        await who.asks("may not read it", path, 403)


async def _glass(cast: Cast) -> None:
    """A clinician breaks the glass on a mentor's record, and a governor judges it."""
    body = {
        "person_id": cast.mentor.person_id,
        "reason_code": "danger_to_life",
        "reason": "He was found unresponsive after the night.",
        "minutes": 30,
    }
    glass = await cast.clinician.sends("breaks the glass: {0[reference]}", "break-glass", body)
    path = f"break-glass/{glass['id']}"
    await cast.clinician.asks("looks", f"people/{cast.mentor.person_id}")
    await cast.clinician.sends("closes it again", f"{path}/end", {}, 200)
    review = {"outcome": "justified", "note": "Life was at risk."}
    judged = await cast.governor.sends("judges it: {0[status]}", f"{path}/review", review, 200)
    check(judged["acts"].get("read_person") == 1, f"the look is counted: {judged['acts']}")


async def _looked(cast: Cast, person_id: str) -> None:
    path = f"audit?person_id={person_id}&limit=200"
    found = await cast.governor.asks("asks who looked at the mentee", path)
    who = sorted({each["role"] for each in found["items"] if each["role"]})
    check("mentor" in who and "clinician" in who, f"everyone who looked is there: {who}")
    refused = [each for each in found["items"] if each["act"] == "refused"]
    check(len(refused) >= 3, "and everyone who was refused")
    cast.teller.tell(cast.watch.now, "the audit", f"names {', '.join(who)}")
