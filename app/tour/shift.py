"""A shift of working concerns, in the tour: a screen, an inbox, a hand-over, an outage, a man who
is moved on, and how soon people came."""

import asyncio
import json
import time
from datetime import timedelta
from typing import Any

from app.clock import spell
from app.tour.cast import Cast
from app.tour.teller import NotAsTold, check, codes

PATIENCE = 20.0
DOOR = "the lad behind the last door"
SAID = "He sits in the dark and sends his meals back."


async def screen(cast: Cast) -> str:
    """Answers the path of the concern that was raised."""
    cast.teller.begin("A screen that tells at once, and an inbox")
    ticket = await cast.clinician.sends("asks for a ticket to the stream", "stream-tickets")
    opened = asyncio.Event()
    heard = asyncio.create_task(_hears(cast, ticket["path"], opened))
    await asyncio.wait_for(opened.wait(), PATIENCE)
    body = {"immediacy": "today", "subject_as_told": DOOR, "account": SAID}
    began = time.perf_counter()
    made = await cast.mentor.sends("raises a concern", "concerns", body)
    event = await asyncio.wait_for(heard, PATIENCE)
    check(event["thing_id"] == made["id"], "it is the one that was raised")
    check(set(event) == {"id", "type", "thing", "thing_id", "prison_id", "time"}, "and no word")
    spent = time.perf_counter() - began
    cast.teller.tell(cast.watch.now, "the screen", f"tells of it: {event['type']}", spent)
    await cast.clinician.asks("cannot open another by the same ticket", ticket["path"], 404)
    inbox = await cast.clinician.asks("opens her inbox, of all her prisons", "/v1/me/inbox")
    waiting = [each for each in inbox["items"] if each["thing_id"] == made["id"]]
    check(waiting, "it waits there")
    cast.teller.tell(cast.watch.now, "the inbox", f"says why: {waiting[0]['rule']}")
    return f"concerns/{made['id']}"


async def _hears(cast: Cast, path: str, opened: asyncio.Event) -> Any:
    """The first concern that is raised, as a browser would hear of it."""
    async with cast.http.stream("GET", path, timeout=PATIENCE) as answer:
        async for line in answer.aiter_lines():
            opened.set()
            if line.startswith("data: ") and '"concern.raised"' in line:
                return json.loads(line.removeprefix("data: "))
    raise NotAsTold("the stream ended")


async def handover(cast: Cast, path: str) -> None:
    cast.teller.begin("The shift changes")
    await cast.clinician.sends("takes the concern up", f"{path}/acknowledgement", {}, 200)
    now = spell(cast.watch.now)
    on = (await cast.governor.asks("", "duties?post=clinician"))["items"]
    [duty] = [each for each in on if each["staff_id"] == cast.clinician.staff_id]
    body = {"post": "clinician", "staff_id": cast.nurse.staff_id, "starts_at": now}
    mine = await cast.governor.sends("puts the nurse on duty", "duties", body)
    notes = "The lad behind the last door drinks, and will speak to the chaplain."
    body = {"duty_id": duty["id"], "to_staff_id": cast.nurse.staff_id, "notes": notes}
    made = await cast.clinician.sends("hands over what she has", "handovers", body)
    held = [f"concerns/{each['concern_id']}" for each in made["concerns"]]
    check(path in held, "with every concern she took up")
    read = await cast.nurse.asks("reads: “{0[notes]}”", f"handovers/{made['id']}")
    check(read["status"] == "offered", "it is hers when she accepts it")
    taken = await cast.nurse.sends(
        "accepts it: {0[status]}", f"handovers/{made['id']}/acceptance", {}, 200
    )
    check(taken["status"] == "accepted", "concern by concern")
    history = await cast.nurse.asks("", f"{path}/history")
    steps = [row["reason"] for row in history["items"]]
    check("handover_accepted" in steps, f"the record says whose it is now: {steps}")
    end = {"ends_at": spell(cast.watch.now + timedelta(hours=2))}
    await cast.governor.does("", "PATCH", f"duties/{mine['id']}", end, match="*")


async def outage(cast: Cast, path: str) -> None:
    cast.teller.begin("Two hours without a network")
    at = spell(cast.watch.now - timedelta(hours=2))
    paper = {"key": f"{cast.run}-paper-1", "immediacy": "HIGH, see him!!", "occurred_at": at}
    items: list[Any] = [
        {**paper, "subject_as_told": "the new man in fourteen", "account": "Crying since noon."},
        {
            "key": f"{cast.run}-paper-2",
            "immediacy": "today",
            "subject_as_told": "lad behind the LAST door",
            "account": "Sits in the dark, sends his meals back.",
        },
        {"key": f"{cast.run}-paper-3", "account": "Somebody should look."},
    ]
    batch = {"items": items}
    said = "enters what stood on paper: {0[saved]} saved, {0[not_saved]} not"
    answer = await cast.support_worker.sends(said, "concerns/batch", batch, 207)
    kept, _, lost = answer["results"]
    check(lost["detail"].startswith("NOT SAVED"), "what is not saved says so first")
    check(kept["concern"]["warnings"], "a grade of risk is no reason to lose a word")
    first = await cast.clinician.asks("", f"concerns/{kept['concern_id']}")
    check(first["immediacy_as_said"] == "HIGH, see him!!", "it is kept as it was said")
    items[2]["subject_as_told"] = "the man by the stairs"
    answer = await cast.support_worker.sends(
        "mends it, and sends all again", "concerns/batch", batch
    )
    outcomes = [each["outcome"] for each in answer["results"]]
    check(outcomes == ["saved_before", "saved_before", "saved"], f"each once: {outcomes}")
    double = f"concerns/{answer['results'][1]['concern_id']}"
    offered = await cast.nurse.asks("looks for others like it", f"{double}/possible-duplicates")
    like = {f"concerns/{each['id']}": each["why"] for each in offered["items"]}
    check(path in like, f"the one that was raised before is offered: {like}")
    cast.teller.tell(cast.watch.now, "the service", f"offers it: {', '.join(like[path])}")
    survivor = {"survivor_id": path.removeprefix("concerns/")}
    await cast.nurse.sends("merges the two", f"{double}/merge", survivor, 200)


async def moved_on(cast: Cast) -> None:
    cast.teller.begin("A man is moved on in the middle")
    person, document = cast.people[5], cast.documents[5]
    body = {
        "immediacy": "within_24h",
        "subject_person_id": person["id"],
        "account": "He asked to be kept company tonight.",
    }
    raised = await cast.support_worker.sends("raises a concern about him", "concerns", body)
    path = f"concerns/{raised['id']}"
    await cast.clinician.sends("takes it up", f"{path}/acknowledgement", {}, 200)
    gone = {"content": [{**document, "prisonId": "LEI"}]}
    said = "imports the day's changes: he is in another prison"
    await cast.support_worker.sends(said, "people/import", gone)
    seen = {"not_seen_reason": "On the van to another prison."}
    await cast.wing_duty.sends("could not see him any more", f"{path}/seen", seen, 200)
    decision = {"decision": "To be seen there, on the day he comes."}
    await cast.clinician.sends("decides", f"{path}/decision", decision, 200)
    await cast.clinician.moves("takes it under review", path, "under_review")
    await cast.clinician.moves("finds it ready to close", path, "ready_to_close")
    refused = await cast.clinician.moves(
        "cannot close it: nobody there has it", path, "closed", 409
    )
    check(codes(refused) == ["received_there"], f"somebody there, by name: {codes(refused)}")
    there = {"side": "HMP Leicester, healthcare", "received_by": "Nurse Testwell"}
    said = "rings, and writes down who has it: {0[received_there_by]}"
    await cast.clinician.sends(said, f"{path}/receiving-side", there, 200)
    await cast.clinician.moves("closes it: {0[status]}", path, "closed")


async def figures(cast: Cast) -> None:
    cast.teller.begin("How soon people came")
    found = await cast.governor.asks("asks how soon, of all of them", "concerns/figures")
    whole = [each for each in found["figures"] if each["immediacy"] is None]
    done = [each for each in whole if each["doors"] == "any" and each["done"]]
    check({each["clock"] for each in done} >= {"acknowledged", "seen", "decided"}, "every clock")
    for each in done:
        told = f"{each['clock']}: half within {each['median_minutes']} min, {each['breached']} late"
        cast.teller.tell(cast.watch.now, "the figures", told)
    picture = await cast.governor.asks("as a picture", "concerns/figures?format=svg")
    check(b"<svg" in picture, "it is one")
    table = await cast.governor.asks("and as a table", "concerns/figures?format=csv")
    check(table, "for a spreadsheet")
