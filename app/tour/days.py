"""The days of the tour: people arrive, one becomes a mentor, another is supported."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.clock import spell
from app.tour.cast import Cast
from app.tour.teller import check, codes

LONDON = ZoneInfo("Europe/London")
EVIDENCE = {
    "shadowed_three_months",
    "observed_sessions_logged",
    "modules_signed_off",
}


async def people_arrive(cast: Cast) -> None:
    cast.teller.begin("People arrive, as HMPPS sends them")
    page = await cast.new_people(6)
    report = await cast.support_worker.sends(
        "imports a prisoner-search page: {0[counts]}", "people/import", page
    )
    check(report["counts"].get("created") == 6, "six people are created")
    again = await cast.support_worker.sends("imports it again: {0[counts]}", "people/import", page)
    check(again["counts"].get("unchanged") == 6, "importing twice changes nothing")
    cast.documents = page["content"]
    for document in cast.documents:
        found = await cast.support_worker.asks("", f"people?number={document['prisonerNumber']}")
        cast.people.append(found["items"][0])
    await cast.governor.sends("may not import people", "people/import", page, 403)


async def _approve(cast: Cast, person: Any, name: str) -> str:
    """From application to the governor's conditional approval."""
    applicant = await cast.prisoner(name, person["id"])
    body = {"person_id": person["id"], "motivation": "I was helped here."}
    body["campaign_id"] = cast.campaign_id
    mentor = await applicant.sends("applies to become a mentor", "mentors", body)
    path = f"mentors/{mentor['id']}"
    await applicant.moves("hands the application in", path, "submitted")
    await cast.support_worker.moves("screens it", path, "screened")
    refused = await cast.clinician.moves("cannot say so alone", path, "interviewed", 409)
    check(codes(refused) == ["interviewed_by_both"], "a support worker and a clinician interview")
    await cast.forward(hours=1)
    interview = {"mentor_id": mentor["id"], "recommendation": "recommended"}
    for who, notes in (
        (cast.support_worker, "Knows the wing, and whom not to ask."),
        (cast.clinician, "Knows why he wants it, and what it costs."),
    ):
        held = {**interview, "held_at": spell(cast.watch.now), "notes": notes}
        await who.sends("interviews him", "interviews", held)
    await cast.clinician.moves("says that both have", path, "interviewed")
    await cast.support_worker.moves("puts it before the governor", path, "governor_review")
    refused = await cast.governor.moves(
        "cannot approve without clearance", path, "approved_conditionally", 409
    )
    check(codes(refused) == ["clearance_current"], "approval asks for clearance")
    today = cast.watch.now.date()
    cleared = {
        "outcome": "cleared",
        "valid_from": str(today),
        "valid_to": str(today + timedelta(days=730)),
    }
    await cast.governor.puts("records the clearance's outcome", f"{path}/clearance", cleared)
    await cast.governor.moves("approves on conditions", path, "approved_conditionally")
    return str(mentor["id"])


async def _train(cast: Cast, mentor_id: str) -> None:
    """Five modules, attended, assessed and signed off by the nurse."""
    reference = await cast.nurse.asks("", "/v1/reference")
    modules = [item["code"] for item in reference["lists"]["module"]]
    for module in modules:
        opened = await cast.nurse.sends("", "trainings", {"mentor_id": mentor_id, "module": module})
        path = f"trainings/{opened['id']}"
        await cast.nurse.moves("", path, "attended")
        await cast.nurse.moves("", path, "assessed")
        await cast.nurse.moves(f"signs off {module.replace('_', ' ')}", path, "competent")


async def _agree(cast: Cast, mentor_id: str) -> None:
    path = f"mentors/{mentor_id}"
    worker = cast.support_worker
    signed = {"signed_at": spell(cast.watch.now)}
    await worker.puts("files the signed role agreement", f"{path}/agreement", signed)
    supervisor = {"staff_id": worker.staff_id}
    await worker.puts("becomes the supervisor", f"{path}/supervisor", supervisor)


async def application(cast: Cast) -> None:
    cast.teller.begin("From application to approval")
    active = await cast.support_worker.asks("", "mentors?status=active")
    if active["items"]:
        cast.shadowed_id = active["items"][0]["id"]
    else:
        cast.shadowed_id = await _approve(cast, cast.people[0], "founder")
        await _train(cast, cast.shadowed_id)
        await _agree(cast, cast.shadowed_id)
        path = f"mentors/{cast.shadowed_id}"
        founder = "makes him a founding mentor: a new site has nobody to shadow"
        await cast.governor.moves(founder, path, "active", reason="founding_mentor")
    cast.mentor_id = await _approve(cast, cast.people[1], "mentor")
    await cast.mentor.asks(
        "does not find another's application", f"mentors/{cast.shadowed_id}", 404
    )


async def shadowing(cast: Cast) -> None:
    cast.teller.begin("Three months' shadowing, five modules, active")
    path = f"mentors/{cast.mentor_id}"
    refused = await cast.support_worker.moves(
        "cannot start the shadowing without a host", path, "shadowing", 409
    )
    check(codes(refused) == ["placed_with_active_mentor"], "shadowing asks for a placement")
    placed = {
        "mentor_id": cast.mentor_id,
        "host_id": cast.shadowed_id,
        "starts_on": str(cast.watch.now.astimezone(LONDON).date()),
    }
    await cast.support_worker.sends("places him with an active mentor", "placements", placed)
    await cast.support_worker.moves("starts the shadowing", path, "shadowing")
    refused = await cast.support_worker.moves(
        "tries to sign off the same day: refused", path, "ready_for_sign_off", 409
    )
    check(set(codes(refused)) == EVIDENCE, f"all that is missing is named: {codes(refused)}")
    for week in range(1, 8):
        await cast.forward(days=14)
        body = {
            "observed_mentor_id": cast.shadowed_id,
            "held_at": spell(cast.watch.now - timedelta(hours=2)),
            "minutes": 45,
            "learnt": "How silence lets a man find his words.",
            "assessed": True,
        }
        await cast.support_worker.sends(
            f"logs an observed session, week {2 * week}", f"{path}/observations", body
        )
    await _train(cast, cast.mentor_id)
    ready = "finds him ready: three calendar months, seven sessions, five modules"
    await cast.support_worker.moves(ready, path, "ready_for_sign_off")
    refused = await cast.governor.moves("is told what is still missing", path, "active", 409)
    check(
        set(codes(refused)) == {"agreement_signed", "supervisor_assigned"},
        f"agreement and supervisor are missing: {codes(refused)}",
    )
    await _agree(cast, cast.mentor_id)
    await cast.mentor.moves("may not make himself active", path, "active", 403)
    shown = await cast.governor.moves("makes him active: {0[status]}", path, "active")
    check(shown["status"] == "active", "the mentor is active")
    history = await cast.governor.asks("", f"{path}/history")
    count = len(history["items"])
    cast.teller.tell(cast.watch.now, "the record", f"holds every one of his {count} moves")


async def pairing(cast: Cast) -> None:
    cast.teller.begin("A mentee is referred, triaged and paired")
    worker = cast.support_worker
    body = {
        "person_id": cast.people[2]["id"],
        "referred_by": "wing_staff",
        "referral_reason": "Keeps to his cell since Monday.",
        "agreed_line": "Would like company on the exercise yard.",
    }
    referred = await cast.wing_duty.sends("refers a man who keeps to his cell", "mentees", body)
    cast.mentee_id = referred["id"]
    path = f"mentees/{cast.mentee_id}"
    for to in ("triage", "accepted", "waiting", "offered"):
        await worker.moves(f"moves him to {to}", path, to)
    refused = await worker.moves("cannot engage him without consent", path, "engaged", 409)
    check("permission_to_share" in codes(refused), "consent is asked for")
    await cast.forward(minutes=30)
    at = spell(cast.watch.now - timedelta(minutes=5))
    consent = {
        "permission_to_share_at": at,
        "explained_at": at,
        "explained_version": "2026-1",
        "explained_language": "English",
        "understood": True,
    }
    await worker.puts("explains confidentiality; he agrees", f"{path}/consent", consent)
    check_body = {"kind": "compatibility", "at": spell(cast.watch.now - timedelta(seconds=1))}
    await worker.sends("checks that the two may meet", f"{path}/checks", check_body)
    await cast.mentor.asks("does not see him before the pairing", path, 404)
    pair = {"mentor_id": cast.mentor_id, "mentee_id": cast.mentee_id}
    await worker.sends("pairs mentor and mentee", "pairings", pair)
    await worker.moves("opens the support: engaged", path, "engaged")
    seen = await cast.mentor.asks("now sees: {0[display_name]}, “{0[agreed_line]}”", path)
    hidden = {"referral_reason", "person_id", "safety_need"} & set(seen)
    check(not hidden, f"the mentor sees no more than agreed: {hidden}")


def next_hour(now: datetime, hour: int) -> datetime:
    """The next time it is `hour` o'clock in London, at least an hour from now."""
    local = now.astimezone(LONDON).replace(hour=hour, minute=0, second=0, microsecond=0)
    while local < now + timedelta(hours=1):
        local = (local.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=LONDON)
    return local


async def sessions(cast: Cast) -> None:
    cast.teller.begin("A one-to-one, a group, and a clash")
    worker, (quiet, hall) = cast.support_worker, cast.rooms
    at = next_hour(cast.watch.now, 9)
    booking = {
        "kind": "one_to_one",
        "room_id": quiet["id"],
        "mentor_id": cast.mentor_id,
        "starts_at": spell(at),
        "ends_at": spell(at + timedelta(hours=1)),
        "mentee_ids": [cast.mentee_id],
    }
    await worker.sends("books a one-to-one at nine", "sessions", booking)
    group = {
        **booking,
        "kind": "group",
        "room_id": hall["id"],
        "starts_at": spell(at + timedelta(hours=1)),
        "ends_at": spell(at + timedelta(hours=2)),
    }
    await worker.sends("books a group right after it", "sessions", group)
    clashing = {**booking, "starts_at": spell(at + timedelta(minutes=30))}
    refused = await worker.sends("books across it: refused", "sessions", clashing, 409)
    kinds = sorted({each["kind"] for each in refused["clashes"]})
    check(kinds == ["mentee", "mentor", "room"], f"every reason is given at once: {kinds}")
    cast.teller.tell(cast.watch.now, "the answer", f"names every clash: {', '.join(kinds)}")
    refused = await cast.mentor.sends("tries the same", "sessions", clashing, 409)
    kinds = sorted({each["kind"] for each in refused["clashes"]})
    check(kinds == ["unavailable"], f"a mentor reads one word: {kinds}")
    mine = await cast.mentor.asks("looks at his week", "sessions?sort=starts_at")
    check(len(mine["items"]) == 2, "the mentor finds both sessions")
