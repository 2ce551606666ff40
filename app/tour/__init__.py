"""The tour: the published case study lived through HTTP alone, as the people of a wing would.

It prints a readable story with timings and stops at the first thing that is not as told. Time is
moved through the development clock; the worker of the same server does the paging.
"""

import asyncio

import httpx

from app.tour import became, courses, day, days, ladder, night, paper, programme, rota, shift
from app.tour.cast import Cast
from app.tour.confidences import confidences
from app.tour.phones import Phones
from app.tour.teller import NotAsTold, Teller


def run(base_url: str, as_json: bool = False, phones: Phones | None = None) -> int:
    """Walk the tour against a development server. 0 when all went as told, else 1. `phones`: where
    the server's texts go; without it nobody is texted."""
    return asyncio.run(_walk(base_url, Teller(as_json), phones))


async def _walk(base_url: str, teller: Teller, phones: Phones | None) -> int:
    try:
        async with httpx.AsyncClient(base_url=base_url, timeout=30) as http:
            cast = await Cast.gather(http, teller, phones)
            await days.people_arrive(cast)
            await programme.taken_on(cast)
            await days.application(cast)
            await days.shadowing(cast)
            await days.pairing(cast)
            await days.sessions(cast)
            await day.lockdown(cast)
            await courses.course(cast)
            await programme.a_week(cast)
            await rota.rota(cast)
            await paper.paper(cast)
            agreed = await ladder.policy(cast)
            await night.concern(cast)
            await ladder.texts(cast, agreed)
            raised = await shift.screen(cast)
            await shift.handover(cast, raised)
            await shift.outage(cast, raised)
            await shift.moved_on(cast)
            await shift.figures(cast)
            await confidences(cast)
            await became.counted(cast)
            await became.lived(cast)
            await became.taken_out(cast)
    except (NotAsTold, httpx.HTTPError) as trouble:
        teller.end(str(trouble) or type(trouble).__name__)
        return 1
    teller.end(None)
    return 0
