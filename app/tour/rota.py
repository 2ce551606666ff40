"""The rota in the tour: nights worked out, what nobody covers named, and a man who cannot sleep."""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any

from app.tour.cast import Cast
from app.tour.days import LONDON
from app.tour.teller import NotAsTold, check, codes

NIGHTS = 5
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
REGIME = {
    "lock_up": "19:30:00",
    "slots": [
        {"slot": "AM", "starts": "08:30:00", "ends": "11:30:00"},
        {"slot": "PM", "starts": "13:45:00", "ends": "16:30:00"},
    ],
}
PATIENCE = 120.0  # seconds of real time for the worker to work a rota out


async def rota(cast: Cast) -> None:
    cast.teller.begin("Nights that somebody covers, and the one that nobody does")
    await _hours_of_the_wing(cast)
    needed = await _needed(cast)
    path = await _worked_out(cast)
    await _published(cast, path)
    shift = await _accepted(cast)
    await _sick_and_well_again(cast, shift)
    await _cannot_sleep(cast, shift)
    for path in needed:
        last = str(_today(cast) + timedelta(days=NIGHTS))
        await cast.support_worker.does("", "PATCH", path, {"valid_to": last}, match="*")


def _today(cast: Cast) -> Any:
    return cast.watch.now.astimezone(LONDON).date()


async def _hours_of_the_wing(cast: Cast) -> None:
    """A prison without a regime gets one, so that the doors are known to be locked at night."""
    if (await cast.support_worker.asks("", "regimes"))["items"]:
        return
    for weekday in range(1, 8):
        said = "sets the hours of the wing" if weekday == 1 else ""
        await cast.governor.does(said, "PUT", f"regimes/{weekday}", REGIME, expect=201)


async def _needed(cast: Cast) -> list[str]:
    paths = []
    for day in WEEKDAYS:
        body = {
            "day": day,
            "from_time": "20:00:00",
            "to_time": "08:00:00",
            "role": "mentor_on_call",
            "needed": 1,
            "valid_from": str(_today(cast)),
        }
        said = "says that each night needs a mentor on call" if day == WEEKDAYS[0] else ""
        made = await cast.support_worker.sends(said, "rota-demands", body)
        paths.append(f"rota-demands/{made['id']}")
    return paths


async def _worked_out(cast: Cast) -> str:
    """A rota for the next nights, proposed by the worker."""
    worker, first = cast.support_worker, _today(cast) + timedelta(days=1)
    body = {"first_day": str(first), "last_day": str(first + timedelta(days=NIGHTS - 1))}
    drafted = await worker.sends("drafts a rota of five nights", "rotas", body)
    path = f"rotas/{drafted['id']}"
    await worker.sends("has it worked out", f"{path}/solve", {}, 202)
    began = time.perf_counter()
    while time.perf_counter() - began < PATIENCE:
        found = await worker.asks("", path)
        if found["status"] == "proposed":
            spent = time.perf_counter() - began
            best = "none better is possible" if found["solve"]["optimal"] else "it is proposed"
            cast.teller.tell(cast.watch.now, "the worker", f"has worked it out: {best}", spent)
            return path
        await asyncio.sleep(0.1)
    raise NotAsTold(f"the rota was not worked out within {PATIENCE:.0f} s")


async def _published(cast: Cast, path: str) -> None:
    worker = cast.support_worker
    gaps = (await worker.asks("", path))["solve"]["gaps"]
    if gaps:
        said = "cannot publish it as if all were covered"
        refused = await worker.sends(said, f"{path}/publish", {}, 409)
        check(codes(refused), "every gap is named in the refusal")
        why = sorted({each["why"] for gap in gaps for each in gap["why"]})
        told = f"names {len(gaps)} gaps, and why: {', '.join(why)}"
        cast.teller.tell(cast.watch.now, "the rota", told)
    names = ("role", "starts_at", "ends_at", "missing")
    accepted = [{name: gap[name] for name in names} for gap in gaps]
    said = "publishes it, with the gaps it leaves named"
    shown = await worker.sends(said, f"{path}/publish", {"accepted_gaps": accepted}, 200)
    check(shown["status"] == "published", "the rota stands")
    await cast.mentor.asks("may not read the whole rota", path, 403)


async def _accepted(cast: Cast) -> Any:
    """The mentor's first shift, which he accepts."""
    mine = (await cast.mentor.asks("finds his own nights", "shifts?stands=true"))["items"]
    nights = [each for each in mine if each["role"] == "mentor_on_call"]
    check(nights, "he serves on some night")
    shift = min(nights, key=lambda each: str(each["starts_at"]))
    await cast.mentor.moves("accepts his first", f"shifts/{shift['id']}", "accepted")
    return shift


async def _sick_and_well_again(cast: Cast, shift: Any) -> None:
    path = f"shifts/{shift['id']}"
    await cast.mentor.moves("falls ill", path, "uncovered", reason="sick")
    asked = "tasks?kind=shift_uncovered&status=open"
    owed = await cast.support_worker.asks("is told at once", asked)
    check(shift["id"] in {each["thing_id"] for each in owed["items"]}, "the night is a task")
    again, said = {"mentor_id": cast.mentor_id}, "calls him in, when he is well again"
    await cast.support_worker.sends(said, f"{path}/give", again, 200)
    await cast.mentor.moves("accepts it again", path, "accepted")


async def _cannot_sleep(cast: Cast, shift: Any) -> None:
    cast.teller.begin("A man who cannot sleep")
    starts = datetime.fromisoformat(shift["starts_at"])
    now = cast.watch.now
    await cast.forward(seconds=(starts + timedelta(hours=7) - now).total_seconds())
    duty = await cast.wing_duty.asks("reads who can be reached now", "on-duty")
    check(duty["now"], "a mentor is on call")
    asked = await cast.mentee.sends("asks for somebody", "contact-requests", {})
    path = f"contact-requests/{asked['id']}"
    await cast.forward(minutes=3)
    await cast.mentor.moves("says that he will come", path, "accepted")
    await cast.forward(minutes=4)
    await cast.wing_duty.sends("opens the door", f"{path}/authorisation", {}, 200)
    await cast.forward(minutes=35)
    over = await cast.wing_duty.sends("locks up after them", f"{path}/end", {}, 200)
    session = await cast.support_worker.asks("", f"sessions/{over['session_id']}")
    told = "and the record holds a night call-out, with a debrief owed"
    check((session["kind"], session["status"]) == ("night_callout", "held"), told)
    figures = await cast.governor.asks("reads how fast somebody came", "contact-requests/figures")
    check(figures["locked_up"]["met"] >= 1, "it counts among the nights")
