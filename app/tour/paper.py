"""Paper in the tour: what the wing holds in its hands, and a calendar that names nobody."""

from datetime import datetime, timedelta

from app.clock import spell
from app.tour.cast import Cast
from app.tour.days import next_hour
from app.tour.teller import check


async def paper(cast: Cast) -> None:
    cast.teller.begin("What hangs on the wall, and what lies in a calendar")
    day = (await _planned(cast)).date()
    wing = cast.rooms[0]["wing_id"]
    sheet = f"prints/wings/{wing}/sheet?on={day}"
    page = await cast.wing_duty.asks("prints the wing's day", f"{sheet}&format=pdf")
    check(page.startswith(b"%PDF"), "it comes as a page")
    cast.teller.tell(cast.watch.now, "the printer", f"gives {len(page) // 1024} kB of paper")
    read = await cast.wing_duty.asks("reads the same as data", f"{sheet}&format=json")
    lines = [line for slot in read["slots"] for line in slot["lines"]]
    check(lines, "whoever is to be somewhere stands on it")
    check(
        len({line["activity"] for line in lines}) == 1, "with one neutral word for whatever it is"
    )
    week = f"prints/mentors/{cast.mentor_id}/week?on={day}"
    mine = await cast.mentor.asks("prints his own week", f"{week}&format=csv")
    check(mine, "he finds his week")
    await cast.mentor.asks("may not print the wing's", sheet, 403)
    feed = await cast.support_worker.sends(
        "makes a calendar feed", "calendar-feeds", {"kind": "wing", "wing_id": wing}
    )
    calendar = await cast.support_worker.asks("reads it as a calendar does", feed["path"])
    check(b"BEGIN:VCALENDAR" in calendar, "it is a calendar")
    check(cast.run.encode() not in calendar, "no name and no title stands in it")
    await cast.support_worker.sends("ends it", f"calendar-feeds/{feed['id']}/end", {}, 200)
    await cast.support_worker.asks("and it is gone", feed["path"], 404)


async def _planned(cast: Cast) -> datetime:
    """The two meet again, tomorrow or the day after."""
    at = next_hour(cast.watch.now + timedelta(days=1), 10)
    body = {
        "kind": "one_to_one",
        "room_id": cast.rooms[0]["id"],
        "mentor_id": cast.mentor_id,
        "starts_at": spell(at),
        "ends_at": spell(at + timedelta(hours=1)),
        "mentee_ids": [cast.mentee_id],
    }
    await cast.support_worker.sends("plans the next one-to-one", "sessions", body)
    return at
