"""Me over HTTP."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from app.access import MayReadSelf
from app.audit import Trail
from app.db import ReadDb
from app.models.inbox import InboxItem, InboxItemForMentor
from app.models.me import MeRead
from app.paging import Page, PageQuery, linked
from app.problems import refusals
from app.replies import reply
from app.services import inbox, me

router = APIRouter(prefix="/v1/me", tags=["me"])


@router.get("", response_model=MeRead, responses=refusals())
async def read_me(who: MayReadSelf, db: ReadDb) -> Response:
    """Who I am, and what I may do in each prison of my token."""
    return reply(await me.who_am_i(db, who))


@router.get("/inbox", response_model=Page[InboxItem | InboxItemForMentor], responses=refusals())
async def list_inbox(
    who: MayReadSelf, db: ReadDb, request: Request, query: Annotated[PageQuery, Query()]
) -> Response:
    """What waits for me in all prisons of my token, in order of urgency, each with the rule that
    put it there.

    Pages to me, concerns that I am to acknowledge, accept, see or decide, tasks, and actions I owe;
    for who raised a concern, what they were told back. First what may be about a life, then
    somebody's safety, then whoever waits; in each, what has been due longest.
    """
    found = await inbox.read(db, who, most=query.limit, cursor=query.cursor)
    for actor in found.actors:
        ids = orjson.Fragment(orjson.dumps(found.things_in(actor.prison_id), default=str))
        trail = Trail(actor.prison_id, actor, who.subject, who.client_id, listed=ids)
        await request.app.state.auditor.listed(request.scope, trail)
    return linked(request, [each.shown for each in found.items], found.next)
