"""Calendar feeds over HTTP: made, listed and ended by staff, read by their calendars."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayMakeFeed, MayReadFeed
from app.db import Db, PathPrison, ReadDb
from app.errors import Conflicting, KeyReused, SheetTooLong, Stale
from app.formats import ICS, calendar_reply, files
from app.models.calendar_feeds import (
    CalendarFeed,
    CalendarFeedCreate,
    CalendarFeedMade,
    CalendarFeedRead,
    FeedKind,
)
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import calendar_feeds
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/calendar-feeds", tags=["calendar-feeds"])
ThisFeed = Annotated[CalendarFeed, Depends(to_read(CalendarFeed, "calendar_feed_id"))]
FeedToEnd = Annotated[
    CalendarFeed, Depends(to_change(CalendarFeed, "calendar_feed_id", match=False))
]

LIST = Listing(
    CalendarFeed,
    MATRIX["calendar_feeds.row"],
    filters={
        "kind": lambda value: col(CalendarFeed.kind) == value,
        "staff_id": lambda value: col(CalendarFeed.staff_id) == value,
        "ended": lambda value: col(CalendarFeed.ended_at).is_not(None) == value,
    },
    sorts={"recorded_at": col(CalendarFeed.recorded_at)},
)


class FeedQuery(PageQuery):
    kind: FeedKind | None = None
    staff_id: UUID | None = Field(default=None, description="Only those of this member of staff.")
    ended: bool | None = Field(default=None, description="True: only those that were ended.")
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get("", response_model=Page[CalendarFeedRead], responses=refusals())
async def list_calendar_feeds(
    actor: MayReadFeed, db: ReadDb, request: Request, query: Annotated[FeedQuery, Query()]
) -> Response:
    """Feeds of one's own; to governors all of the prison. None with its secret."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=CalendarFeedMade, responses=refusals(KeyReused))
async def create_calendar_feed(
    actor: MayMakeFeed, db: Db, body: CalendarFeedCreate, once: JustOnce
) -> Response:
    """Make a feed. Its path is shown this once: whoever has it reads the feed without a token."""
    feed, path = await calendar_feeds.create(db, actor, body)
    made, where = shape("calendar_feeds.made", actor.role), f"calendar-feeds/{feed.id}"
    kept = await once.created(
        made.model_validate({**feed.model_dump(), "path": None}), location=where
    )
    return reply(
        made.model_validate({**feed.model_dump(), "path": path}),
        status=kept.status_code,
        location=where,
    )


@router.get("/{calendar_feed_id}", response_model=CalendarFeedRead, responses=refusals())
async def read_calendar_feed(actor: MayReadFeed, feed: ThisFeed) -> Response:
    """One feed, without its secret."""
    return reply(shape("calendar_feeds", actor.role).model_validate(feed))


@router.post(
    "/{calendar_feed_id}/end",
    response_model=CalendarFeedRead,
    responses=refusals(Conflicting, Stale),
)
async def end_calendar_feed(actor: MayReadFeed, db: Db, feed: FeedToEnd) -> Response:
    """End a feed at once: one's own, or as a governor anybody's."""
    await calendar_feeds.end(db, actor, feed)
    return reply(shape("calendar_feeds", actor.role).model_validate(feed))


@router.get(
    "/{calendar_feed_id}/{secret}/calendar.ics",
    response_class=Response,
    responses={**files(ICS), **refusals(SheetTooLong)},
)
async def read_calendar(
    prison_id: PathPrison,
    db: Db,
    request: Request,
    calendar_feed_id: UUID,
    secret: Annotated[
        str, Path(pattern=r"^[\w-]{43}$", description="What was shown when the feed was made.")
    ],
) -> Response:
    """What a calendar reads: a neutral word, rooms and times; nobody's name. Needs no token but
    its own secret. A feed that has ended is not there."""
    limits = request.app.state.limits
    found = await calendar_feeds.read(db, limits, prison_id, calendar_feed_id, secret)
    return calendar_reply(found)
