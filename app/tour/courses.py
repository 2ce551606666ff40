"""A course in the tour: planned on the wall's clock, filled, changed, and nobody asked twice."""

from datetime import timedelta

from app.tour.cast import Cast
from app.tour.teller import check

MEETINGS = 4


async def course(cast: Cast) -> None:
    cast.teller.begin("A course of four meetings, one place, and a change")
    worker, (_, hall) = cast.support_worker, cast.rooms
    plan = {
        "title": f"Sleeping better {cast.run}",
        "kind": "cbt_course",
        "room_id": hall["id"],
        "mentor_id": cast.mentor_id,
        "first_day": str((cast.watch.now + timedelta(days=8)).date()),
        "starts": "15:00:00",
        "minutes": 60,
        "meetings": MEETINGS,
        "places": 1,
        "attend_at_least": 3,
    }
    made = await worker.sends("plans it, at three on the wall", "series", plan)
    path = f"series/{made['id']}"
    ask = {"series_id": made["id"], "mentee_id": cast.mentee_id}
    place = await worker.sends("asks for a place: {0[status]}", "enrolments", ask)
    check(place["status"] == "offered", "a place that is free is offered at once")
    taken = await worker.moves("says yes for him", f"enrolments/{place['id']}", "accepted")
    check(taken["not_in"] == [], "he comes to every meeting")
    change = {"scope": "following", "number": 2, "starts": "10:00:00"}
    await worker.sends("moves all but the first to ten", f"{path}/changes", change)
    found = (await worker.asks("reads what became of them", f"{path}/occurrences"))["items"]
    counting = [each for each in found if each["superseded_at"] is None]
    superseded = len(found) - len(counting)
    told = f"{superseded} meetings were superseded and {len(counting)} count"
    check((superseded, len(counting)) == (MEETINGS - 1, MEETINGS), told)
    for each in counting:
        session = await worker.asks("", f"sessions/{each['session_id']}")
        states = [part["status"] for part in session["participations"]]
        check(states == ["accepted"], "whoever had said yes came along, and was not asked again")
    await worker.moves("gives it up for now", path, "ended", reason="other")
