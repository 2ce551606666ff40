"""Who is called, in the tour: a prison's own policy, agreed by two and rehearsed; and what becomes
of a page that arrives, and of one that does not."""

import time
from typing import Any

from app.clock import spell
from app.tour.cast import Cast
from app.tour.night import paged
from app.tour.teller import Character, check

ARRIVED = {"delivered": "arrived", "failed": "did not arrive"}
NUMBERS = {"clinician": "07700900123", "support_worker": "07700900456"}


async def policy(cast: Cast) -> str:
    """Answers the path of the version that is in force then."""
    cast.teller.begin("Who would be called, agreed by two and rehearsed")
    found = await cast.governor.asks("", "escalation-policies/standing")
    [rules] = [each["policy"] for each in found["items"] if each["kind"] == "welfare"]
    loose = {**rules, "clocks": {"this_session": {"acknowledge_minutes": 90}}}
    body = {"kind": "welfare", "policy": loose}
    said = "drafts a policy slower than the table of clocks: refused"
    refused = await cast.clinician.sends(said, "escalation-policies", body, 422)
    field = refused["errors"][0]["field"]
    check("clocks.this_session.acknowledge_minutes" in field, f"by the name of its field: {field}")
    own = {"this_session": {"acknowledge_minutes": 30, "seen_minutes": 120}}
    body["policy"] = {**rules, "clocks": own}
    said = "drafts one that is stricter: taken up in half an hour"
    made = await cast.clinician.sends(said, "escalation-policies", body)
    path = f"escalation-policies/{made['id']}"
    steps = await _rehearsed(cast, path)
    gaps = {gap["gap"] for step in steps for gap in step["gaps"]}
    check("no_contact" in gaps, f"the rehearsal names whom a page would not wake: {gaps}")
    cast.teller.tell(cast.watch.now, "the rehearsal", f"names what is missing: {', '.join(gaps)}")
    await cast.governor.moves("cannot put it in force alone", path, "in_force", 409)
    await cast.lead.moves("signs it off for clinical safety", path, "signed_off")
    await cast.governor.moves("puts it in force: {0[status]}", path, "in_force")
    return path


async def _rehearsed(cast: Cast, path: str) -> list[Any]:
    """Who would be paged, if one were raised now and nobody did anything."""
    body = {"at": spell(cast.watch.now), "kind": "welfare", "immediacy": "this_session"}
    found = await cast.governor.sends("rehearses it", f"{path}/simulate", body, 200)
    check(found["steps"][0]["pages"], "the first step calls somebody")
    steps: list[Any] = found["steps"]
    return steps


async def texts(cast: Cast, path: str) -> None:
    """Where texts are carried: on a server of the tour's own."""
    if cast.phones is None:
        return
    cast.teller.begin("A page that arrives, and one that does not")
    for name, number in NUMBERS.items():
        await _proven(cast, cast.everyone[name], number)
    first = (await _rehearsed(cast, path))[0]
    missing = {gap["staff_id"] for gap in first["gaps"]}
    reached = {cast.everyone[name].staff_id for name in NUMBERS}
    check(not missing & reached, "rehearsed again, their pages wake them")
    body = {
        "immediacy": "today",
        "subject_as_told": "the man with the red cap",
        "account": "He has eaten nothing since Sunday.",
    }
    raised = await cast.mentor.sends("raises what cannot wait long", "concerns", body)
    reference = raised["reference"]
    for name, number in NUMBERS.items():
        text = await cast.phones.text(number, reference)
        check("red cap" not in text["body"], "a text tells nothing of anybody")
        status = "delivered" if name == "clinician" else "permanent-failure"
        await cast.phones.tells(cast.http, text, status)
    await _became(cast, cast.clinician, reference, "delivered")
    await _became(cast, cast.support_worker, reference, "failed")
    await cast.forward(seconds=61)  # and not after twenty minutes
    await paged(cast, cast.wing_duty, reference, "not_acknowledged")
    line = await cast.clinician.asks("", f"concerns/{raised['id']}/timeline")
    kinds = [each["kind"] for each in line["items"]]
    check({"page_delivered", "page_failed"} <= set(kinds), f"the timeline holds both: {kinds}")
    [under] = [each["code"] for each in line["items"] if each["kind"] == "raised_under"]
    told = f"holds {len(kinds)} things, under the policy “{under}”"
    cast.teller.tell(cast.watch.now, "the timeline", told)


async def _proven(cast: Cast, who: Character, number: str) -> None:
    assert cast.phones is not None
    body = {"kind": "sms", "value": number}
    address = await who.sends("says on which telephone to wake them", "addresses", body)
    code = {"code": await cast.phones.code(address["value"])}
    path = f"addresses/{address['id']}/verification"
    shown = await who.sends("proves it by the code that came", path, code, 200)
    check(shown["verified_at"], "it is theirs")


async def _became(cast: Cast, who: Character, reference: str, status: str) -> None:
    """What became of the page, as its reader finds it."""
    began = time.perf_counter()
    pages = await who.asks("", "notifications")
    [page] = [each for each in pages["items"] if reference in each["text"]]
    found = await who.asks("", f"notifications/{page['id']}/deliveries")
    by_text = [each for each in found["items"] if each["channel"] == "sms"]
    check([each["status"] for each in by_text] == [status], f"the text {status}: {by_text}")
    check(page["status"] == status, f"and the page is {page['status']}")
    spent = time.perf_counter() - began
    cast.teller.tell(cast.watch.now, who.name, f"finds that the text {ARRIVED[status]}", spent)
