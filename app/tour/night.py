"""The night of the tour: a concern at three in the morning, and everyone it must reach."""

import asyncio
import time
from datetime import timedelta
from typing import Any

from app.clock import spell
from app.tour.cast import Cast
from app.tour.days import next_hour
from app.tour.teller import Character, NotAsTold, check, codes

PATIENCE = 20.0  # seconds of real time for the worker to page


async def concern(cast: Cast) -> None:
    cast.teller.begin("Three in the morning")
    now = cast.watch.now
    await cast.forward(seconds=(next_hour(now, 3) - now).total_seconds())
    await _refused(cast)
    body = {
        "kind": "self_harm_or_suicide",
        "immediacy": "right_now",
        "subject_as_told": "the lad two doors down",
        "account": "He says he cannot see the point of the morning.",
    }
    raised = await cast.mentor.sends("raises a concern: “{0[tell]}”", "concerns", body)
    path, reference = f"concerns/{raised['id']}", raised["reference"]
    await paged(cast, cast.clinician, reference, "not_acknowledged")
    await paged(cast, cast.wing_duty, reference, "not_acknowledged")
    await cast.forward(minutes=16)
    await paged(cast, cast.governor, reference, "not_acknowledged")
    await paged(cast, cast.deputy, reference, "not_acknowledged")
    await _work(cast, path)
    await _close(cast, path)
    await _told(cast, path)


async def _refused(cast: Cast) -> None:
    body = {"immediacy": "high", "subject_as_told": "him", "account": "Worried."}
    refused = await cast.mentor.sends("says “high”: refused, with why", "concerns", body, 422)
    check(refused["detail"].startswith("NOT SAVED"), "a refused concern says so first")


async def paged(cast: Cast, who: Character, reference: str, why: str) -> None:
    """Wait for the worker's page to arrive."""
    began = time.perf_counter()
    while time.perf_counter() - began < PATIENCE:
        pages: Any = await who.asks("", "notifications")
        for page in pages["items"]:
            if reference in page["text"] and page["why"] == why:
                spent = time.perf_counter() - began
                cast.teller.tell(cast.watch.now, who.name, f"is paged: “{page['text']}”", spent)
                return
        await asyncio.sleep(0.05)
    raise NotAsTold(f"{who.name} was not paged about {reference} within {PATIENCE:.0f} s")


async def _work(cast: Cast, path: str) -> None:
    await cast.clinician.sends("acknowledges it", f"{path}/acknowledgement", {}, 200)
    handover = {"to": "Officer Testwick", "at": spell(cast.watch.now - timedelta(seconds=1))}
    await cast.wing_duty.sends("records the verbal handover", f"{path}/handover", handover, 200)
    seen = await cast.wing_duty.sends("has seen the man", f"{path}/seen", {}, 200)
    check("account" not in seen, "the officer reads no account")
    missing = await cast.clinician.sends(
        "must decide on an ACCT as well", f"{path}/decision", {"decision": "Talked."}, 422
    )
    check(missing["errors"][0]["field"] == "acct_decision", "the ACCT decision is asked for")
    decision = {"decision": "Constant company until morning.", "acct_decision": "opened"}
    await cast.clinician.sends("decides: ACCT opened", f"{path}/decision", decision, 200)
    await cast.clinician.moves("takes it under review", path, "under_review")
    action = {
        "what": "See him with the chaplain.",
        "owner_id": cast.clinician.staff_id,
        "due_at": spell(cast.watch.now + timedelta(hours=8)),
    }
    opened = await cast.clinician.sends("adds an action", f"{path}/actions", action)
    outcome = {"outcome": "Seen together; he will write to his mother."}
    done = f"{path}/actions/{opened['actions'][0]['id']}/outcome"
    await cast.clinician.sends("does it", done, outcome, 200)


async def _close(cast: Cast, path: str) -> None:
    await cast.clinician.moves("finds it ready to close", path, "ready_to_close")
    refused = await cast.support_worker.moves(
        "cannot close it before the mentor is told", path, "closed", 409
    )
    check(codes(refused) == ["mentor_told"], f"the loop must be closed: {codes(refused)}")
    feedback = {"outcome": "acted", "text": "He is safe. Thank you for speaking up."}
    await cast.clinician.sends("tells the mentor", f"{path}/feedback", feedback, 200)
    await cast.mentor.moves("may not close it", path, "closed", 403)
    await cast.support_worker.moves("closes it: {0[status]}", path, "closed")
    history = await cast.clinician.asks("", f"{path}/history")
    steps = [row["reason"] for row in history["items"]]
    check(steps.count("escalated") >= 2, "every step of the ladder stands in the history")
    cast.teller.tell(cast.watch.now, "the record", f"holds all {len(steps)} things that happened")


async def _told(cast: Cast, path: str) -> None:
    cast.teller.begin("What the mentor sees of it, and what not")
    receipt = await cast.mentor.asks("reads: {0[feedback]}, “{0[feedback_text]}”", path)
    check(receipt["received"] and receipt["acted"], "received and acted")
    hidden = {"decision", "acct_decision", "acknowledged_by", "actions", "status", "moves"}
    check(not hidden & set(receipt), "who did what stays with staff")
    await cast.mentor.asks("finds no history of it", f"{path}/history", 403)
    cast.teller.tell(cast.watch.now, "the mentor", f"sees {', '.join(sorted(receipt))}")
