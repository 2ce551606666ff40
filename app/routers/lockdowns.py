"""Lockdowns over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayLockDown, MayLookIn, MayReadLockdown
from app.db import Db, ReadDb
from app.errors import AlreadyExists, Conflicting, KeyReused, Stale
from app.models.base import Instant
from app.models.lockdowns import (
    Lockdown,
    LockdownCreate,
    LockdownDeclared,
    LockdownRead,
    LockdownRow,
    LookedIn,
    ReoffersCreate,
    ReoffersRead,
    WelfareCheck,
    WelfareCheckRead,
)
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.probing import NotesPairs
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import lockdowns, reoffers, welfare_checks
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/lockdowns", tags=["lockdowns"])
This = Annotated[Lockdown, Depends(to_read(Lockdown, "lockdown_id"))]
ToEnd = Annotated[Lockdown, Depends(to_change(Lockdown, "lockdown_id", match=False))]
ToMark = Annotated[WelfareCheck, Depends(to_change(WelfareCheck, "welfare_check_id", match=False))]

LIST = Listing(
    Lockdown,
    MATRIX["lockdowns.row"],
    filters={
        "ends_after": lambda value: col(Lockdown.ends_at) > value,
        "starts_before": lambda value: col(Lockdown.starts_at) < value,
    },
    sorts={"starts_at": col(Lockdown.starts_at)},
)


class LockdownQuery(PageQuery):
    ends_after: Instant | None = Field(default=None, description="Not over at this time.")
    starts_before: Instant | None = Field(default=None, description="Begun before this time.")
    sort: Literal["starts_at", "-starts_at"] = Field(default="-starts_at")


@router.get("", response_model=Page[LockdownRow], responses=refusals())
async def list_lockdowns(
    actor: MayReadLockdown, db: ReadDb, request: Request, query: Annotated[LockdownQuery, Query()]
) -> Response:
    """The prison's lockdowns, the latest first."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=LockdownDeclared,
    responses=refusals(AlreadyExists, KeyReused),
)
async def declare_lockdown(
    actor: MayLockDown, db: Db, body: LockdownCreate, once: JustOnce
) -> Response:
    """Cancel every planned session that touches a time, and name the mentees to look in on. Until
    it is over nothing is planned in it. A concern's clocks run on."""
    lockdown = await lockdowns.declare(db, actor, body)
    shown = await lockdowns.shown(db, lockdown, actor, declared=True)
    return await once.created(shown, location=f"lockdowns/{lockdown.id}")


@router.get("/{lockdown_id}", response_model=LockdownRead | LockdownRow, responses=refusals())
async def read_lockdown(actor: MayReadLockdown, db: Db, lockdown: This) -> Response:
    """One lockdown."""
    return reply(await lockdowns.shown(db, lockdown, actor))


@router.post(
    "/{lockdown_id}/lift", response_model=LockdownRead, responses=refusals(Conflicting, Stale)
)
async def lift_lockdown(actor: MayLockDown, db: Db, lockdown: ToEnd) -> Response:
    """It is over earlier than was said. What it cancelled stays so until it is planned anew."""
    await lockdowns.lift(db, actor, lockdown)
    return reply(await lockdowns.shown(db, lockdown, actor))


@router.post(
    "/{lockdown_id}/reoffers",
    status_code=201,
    response_model=ReoffersRead,
    responses=refusals(KeyReused, Stale),
)
async def reoffer_sessions(
    actor: MayLockDown,
    db: Db,
    lockdown: ToEnd,
    body: ReoffersCreate,
    once: JustOnce,
    pairs: NotesPairs,
) -> Response:
    """Plan each session that it cancelled anew, at the next time at which nothing stands against
    it; of the others it is said that there is none."""
    made = await reoffers.reoffer(db, actor, lockdown, body)
    await pairs.count(each.outcome for each in made.items)
    return await once.created(made)


@router.get(
    "/{lockdown_id}/welfare-checks",
    response_model=Page[WelfareCheckRead],
    responses=refusals(),
)
async def list_welfare_checks(actor: MayLookIn, db: Db, lockdown: This) -> Response:
    """Whom it left without their session and why to look in on them, with who has."""
    return reply(whole(await welfare_checks.of_lockdown(db, actor, lockdown)))


@router.post(
    "/{lockdown_id}/welfare-checks/{welfare_check_id}/looked-in",
    response_model=WelfareCheckRead,
    responses=refusals(Conflicting, Stale),
)
async def mark_welfare_check(
    actor: MayLookIn, db: Db, lockdown: This, check: ToMark, body: LookedIn
) -> Response:
    """Say that somebody has looked in on them."""
    await welfare_checks.mark(db, actor, lockdown, check, body)
    return reply(await welfare_checks.shown(db, actor, lockdown, check))
