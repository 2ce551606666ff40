"""The tour: the published case study lived through HTTP alone, as the people of a wing would.

It prints a readable story with timings and stops at the first thing that is not as told. Time is
moved through the development clock; the worker of the same server does the paging.
"""

import asyncio

import httpx

from app.tour import courses, day, days, night, paper, programme, rota
from app.tour.cast import Cast
from app.tour.confidences import confidences
from app.tour.teller import NotAsTold, Teller


def run(base_url: str, as_json: bool = False) -> int:
    """Walk the tour against a development server. 0 when all went as told, else 1."""
    return asyncio.run(_walk(base_url, Teller(as_json)))


async def _walk(base_url: str, teller: Teller) -> int:
    try:
        async with httpx.AsyncClient(base_url=base_url, timeout=30) as http:
            cast = await Cast.gather(http, teller)
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
            await night.concern(cast)
            await confidences(cast)
    except (NotAsTold, httpx.HTTPError) as trouble:
        teller.end(str(trouble) or type(trouble).__name__)
        return 1
    teller.end(None)
    return 0
