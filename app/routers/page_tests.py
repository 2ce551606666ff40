"""Tests of the last resort over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col

from app.access import Actor, MayReadPageTest, MayWritePageTest
from app.db import Db, ReadDb
from app.errors import Conflicting, KeyReused, Stale
from app.models.base import Output
from app.models.page_tests import (
    PageTest,
    PageTestConfirm,
    PageTestCreate,
    PageTestRead,
    PageTestRow,
    PageTestTo,
)
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import page_tests, prisons
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/page-tests", tags=["page-tests"])
ThisTest = Annotated[PageTest, Depends(to_read(PageTest, "page_test_id"))]
TestToConfirm = Annotated[PageTest, Depends(to_change(PageTest, "page_test_id", match=False))]

LIST = Listing(
    PageTest,
    MATRIX["page_tests.row"],
    filters={
        "last_resort": lambda value: col(PageTest.last_resort) == value,
        "arrived": lambda value: col(PageTest.arrived_at).is_not(None) == value,
    },
    sorts={"recorded_at": col(PageTest.recorded_at)},
)


class PageTestQuery(PageQuery):
    last_resort: PageTestTo | None = None
    arrived: bool | None = Field(default=None, description="True: only those that arrived.")
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


async def _shown(db: AsyncSession, actor: Actor, test: PageTest) -> Output:
    tried = await page_tests.tries(db, test)
    return shape("page_tests", actor.role).model_validate(
        {**test.model_dump(), "deliveries": tried}
    )


@router.get("", response_model=Page[PageTestRow], responses=refusals())
async def list_page_tests(
    actor: MayReadPageTest, db: ReadDb, request: Request, query: Annotated[PageTestQuery, Query()]
) -> Response:
    """When the last resorts were tried, and whether the page arrived."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=PageTestRead,
    responses=refusals(Conflicting, KeyReused),
)
async def create_page_test(
    actor: MayWritePageTest, db: Db, body: PageTestCreate, once: JustOnce
) -> Response:
    """Send a page to a last resort that says it is a test. It counts once a receipt says that it
    arrived, or its code is entered (`.../confirmation`); `GET /health/channels` asks for one of the
    address outside."""
    prison = await prisons.load(db, actor, lock=False)
    made = await page_tests.create(db, prison, body.last_resort, actor.subject)
    return await once.created(await _shown(db, actor, made), location=f"page-tests/{made.id}")


@router.get("/{page_test_id}", response_model=PageTestRead, responses=refusals())
async def read_page_test(actor: MayReadPageTest, db: Db, test: ThisTest) -> Response:
    """One test, and what became of it on each channel."""
    return reply(await _shown(db, actor, test))


@router.post(
    "/{page_test_id}/confirmation",
    response_model=PageTestRead,
    responses=refusals(Conflicting, Stale),
)
async def confirm_page_test(
    actor: MayWritePageTest, db: Db, test: TestToConfirm, body: PageTestConfirm
) -> Response:
    """Say that a test arrived, by the code that stood in it, as whoever received it told it: by
    telephone, say. For a channel without receipts. A wrong code is answered with the test, not
    arrived, and one try less."""
    await page_tests.confirm(db, actor, test, body.code)
    return reply(await _shown(db, actor, test))
