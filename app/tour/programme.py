"""The programme in the tour: the site takes it on, and a week of running it."""

from datetime import timedelta

from app.tour.cast import Cast
from app.tour.teller import check, codes


async def taken_on(cast: Cast) -> None:
    cast.teller.begin("The site takes the scheme on, and calls for mentors")
    today = cast.watch.now.date()
    call = {
        "title": f"Mentors {cast.run}",
        "opens_on": str(today),
        "closes_on": str(today + timedelta(days=60)),
        "places": 4,
    }
    made = await cast.support_worker.sends("drafts a campaign with four places", "campaigns", call)
    path = f"campaigns/{made['id']}"
    adopted = await cast.governor.asks("", "adoptions")
    if not adopted["complete"]:
        refused = await cast.support_worker.moves(
            "cannot open it before the site has adopted the scheme", path, "open", 409
        )
        check(codes(refused) == ["site_adopted"], "a campaign waits for the adoption")
        await _adopt(cast)
    await cast.support_worker.moves("opens the campaign", path, "open")
    cast.campaign_id = made["id"]


async def _adopt(cast: Cast) -> None:
    version = {"scheme_version": "2026-1"}
    part = {"part": "senior_manager", "named_person": "A. Sample, head of safety", **version}
    await cast.deputy.sends("enters the senior manager's word", "adoptions", part)
    own = {"part": "governor", **version}
    await cast.deputy.sends("may not sign a second part", "adoptions", own, 409)
    await cast.governor.sends("signs for the prison", "adoptions", own)
    lead = {"part": "mental_health_lead", **version}
    await cast.lead.sends("signs for the mental health team", "adoptions", lead)
    state = await cast.governor.asks("", "adoptions")
    check(state["complete"], "three different people adopt the scheme")


async def a_week(cast: Cast) -> None:
    cast.teller.begin("A week of running it")
    await _supervision(cast)
    await _matching(cast)
    await _own_words(cast)
    await _figures(cast)
    await _board(cast)


async def _supervision(cast: Cast) -> None:
    mine = f"supervisions?mentor_id={cast.mentor_id}&status=scheduled"
    planned = await cast.support_worker.asks("finds his supervision planned by itself", mine)
    check(len(planned["items"]) == 1, "whoever is active has one supervision planned")
    path = f"supervisions/{planned['items'][0]['id']}"
    held = {
        "mode": "in_person",
        "shared_note": "The first weeks went well.",
        "staff_note": "Takes on more than he says.",
    }
    await cast.support_worker.sends("holds it, and writes two notes", f"{path}/held", held, 200)
    seen = await cast.mentor.asks("reads the shared one: “{0[shared_note]}”", path)
    check("staff_note" not in seen, "what staff keep for themselves is not there for him")
    signed = {"signature": "signed"}
    await cast.mentor.sends("signs", f"{path}/signature", signed, 200)
    done = await cast.support_worker.sends("signs too", f"{path}/countersignature", {}, 200)
    check(done["status"] == "signed", "both have signed")
    asked = {
        "mentor_id": cast.mentor_id,
        "limits": ["lighter_load"],
        "fitness": "fit_with_limits",
        "said": "The weeks wear me out.",
    }
    await cast.support_worker.sends("asks how he is himself", "check-ins", asked)
    listed = await cast.governor.asks("", f"check-ins?mentor_id={cast.mentor_id}")
    check("said" not in listed["items"][0], "a governor learns that he is fit, not what he said")


async def _matching(cast: Cast) -> None:
    worker, person = cast.support_worker, cast.people[3]
    body = {"person_id": person["id"], "referred_by": "self", "safety_need": True}
    referred = await worker.sends("enters a self-referral from paper", "mentees", body)
    path = f"mentees/{referred['id']}"
    for to in ("triage", "accepted", "waiting"):
        await worker.moves("", path, to)
    waiting = await worker.asks("looks at the waiting list", "waiting-list")
    [row] = [each for each in waiting["items"] if each["mentee_id"] == referred["id"]]
    check(row["order_reason"] == "safety_need", "the list says why somebody stands where he does")
    for whose in (person["id"], cast.people[1]["id"]):
        said = {"languages": ["en"], "skills": ["listening"], "preferences": ["same_language"]}
        await worker.does("writes down a profile", "PUT", f"profiles/{whose}", said, expect=201)
    found = await worker.asks("asks who would suit him", f"{path}/match-candidates")
    [first] = [each for each in found["candidates"] if each["mentor_id"] == cast.mentor_id]
    reasons = ", ".join(part["code"] for part in first["parts"])
    cast.teller.tell(cast.watch.now, "the answer", f"gives its reasons: {reasons}")
    proposal = await worker.sends(
        "has the whole list matched", "match-proposals", {"mentee_ids": [referred["id"]]}
    )
    live = await worker.asks("", f"pairings?mentee_id={referred['id']}")
    check(live["items"] == [], "a proposal changes nothing")
    path = f"match-proposals/{proposal['id']}"
    await worker.moves("approves the proposal", path, "approved")
    live = await worker.asks("", f"pairings?mentee_id={referred['id']}&status=live")
    check(len(live["items"]) == 1, "an approved proposal pairs")


async def _own_words(cast: Cast) -> None:
    mentee = await cast.prisoner("mentee", cast.people[2]["id"])
    goal = {"mentee_id": cast.mentee_id, "kind": "goal", "text": "Back to the workshop."}
    shared = {**goal, "share_with_mentor": True}
    await mentee.sends("writes down a goal, and shares it", "goals", shared)
    await mentee.sends("and what helps, for himself", "goals", {**goal, "kind": "what_helps"})
    read = await cast.mentor.asks("reads what is shared", f"goals?mentee_id={cast.mentee_id}")
    check(len(read["items"]) == 1, "a mentor reads what his mentee shares, and no more")
    complaint = {
        "about": "mentor",
        "about_mentor_id": cast.mentor_id,
        "raised_by_person_id": cast.people[2]["id"],
        "account": "He came late twice.",
    }
    made = await cast.deputy.sends("enters a complaint about the mentor", "complaints", complaint)
    path = f"complaints/{made['id']}"
    await cast.mentor.asks("does not find it", path, 404)
    await cast.support_worker.asks("nor does his supervisor", path, 404)
    await cast.governor.asks("the governor does", path)


async def _figures(cast: Cast) -> None:
    demand = await cast.governor.asks("", "demand")
    check(demand["referrals"] >= 2, "every referral is counted")
    told = f"count {demand['referrals']} referrals, {demand['waiting_now']} waiting now"
    cast.teller.tell(cast.watch.now, "the figures", told)
    said = "sees whose clearance runs out, and what cover would be lost"
    await cast.governor.asks(said, "clearances/expiring?within_days=31")
    nurse = await cast.nurse.asks("looks at who lacks which module", "trainings/matrix")
    check(nurse["mentors"], "every mentor is in the matrix")


async def _board(cast: Cast) -> None:
    await cast.forward(days=8)
    board = await cast.support_worker.asks("asks who needs something today", "board?limit=5")
    for item in board["items"][:3]:
        cast.teller.tell(cast.watch.now, "the board", f"{item['band']}: {item['why']}")
    check(board["total"] > 0, "somebody always waits")
    bands = [each["band"] for each in board["items"]]
    order = ["life", "safety", "waiting"]
    check(bands == sorted(bands, key=order.index), "a life first, then safety, then the rest")
