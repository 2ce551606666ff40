"""Streams over HTTP: a ticket, and the events it opens."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from app.access import MayOpenStream, claims
from app.db import Db, PathPrison, ReadDb
from app.errors import KeyReused, TicketRefused
from app.models.streams import StreamTicketMade
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import streams
from app.sse import DECLARED, RECIPE, EventStream
from app.tokens import Claims
from app.visibility import shape

router = APIRouter(prefix="/v1/prisons/{prison_id}", tags=["streams"])
FOLLOWING = f"""Events as they happen, as server-sent events, to whoever got the ticket.

Of concerns, tasks and pages, each as far as its reader may see the thing at that moment. An event
says that something happened, and to what: read the rest at the thing's own address, and take 404
for "not yours any more". It comes at least once: the same `id` in its data is the same event.

No token stands in the address: a ticket opens the stream, once, within 30 seconds. A browser that
comes again by itself would come with the one that is used up, so close it and get another:

```js
{RECIPE}```

`told` is called with each event, and with null when the lists must be read anew: read them once
`ready` has come, and after a `reset`. Six streams a person may be open; the oldest ends with the
seventh.
"""
_LAST = "The last event you had: the stream goes on after it."


@router.post(
    "/stream-tickets",
    status_code=201,
    response_model=StreamTicketMade,
    responses=refusals(KeyReused),
)
async def create_stream_ticket(
    actor: MayOpenStream, db: Db, who: Annotated[Claims, Depends(claims)], once: JustOnce
) -> Response:
    """Get a ticket, which opens one stream within 30 seconds. Its path is shown this once."""
    ticket, path = await streams.make(db, actor, who)
    made = shape("streams.ticket", actor.role)
    kept = await once.created(made.model_validate({**ticket.model_dump(), "path": None}))
    shown = made.model_validate({**ticket.model_dump(), "path": path})
    return reply(shown, status=kept.status_code)


@router.get(
    "/stream",
    response_class=Response,
    description=FOLLOWING,
    responses={**DECLARED, **refusals(TicketRefused)},
)
async def read_stream(
    prison_id: PathPrison,
    db: Db,
    reads: ReadDb,
    request: Request,
    ticket: Annotated[str, Query(max_length=100, description="Of `POST .../stream-tickets`.")] = "",
    last_event_id: Annotated[str | None, Query(max_length=100, description=_LAST)] = None,
    last: Annotated[
        str | None, Header(alias="Last-Event-ID", max_length=100, description=_LAST)
    ] = None,
) -> Response:
    """Events as they happen, as server-sent events, to whoever got the ticket."""
    open_here: streams.Streams = request.app.state.streams
    stream = await streams.use(db, reads, prison_id, ticket, last or last_event_id or None)
    request.state.trail.knows(stream.actor, stream.actor.subject, None)
    open_here.admit()
    return EventStream(open_here, stream)
