"""Campaigns over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import func, select
from sqlmodel import Field, col

from app.access import MayReadCampaign, MayWriteCampaign
from app.db import Db, ReadDb
from app.errors import (
    CampaignOver,
    GuardsUnmet,
    KeyReused,
    MatchNeeded,
    MoveNotInTable,
    MoveNotYours,
    Stale,
)
from app.models.campaigns import (
    Campaign,
    CampaignCreate,
    CampaignForPrisoner,
    CampaignRead,
    CampaignRow,
    CampaignStatus,
    CampaignUpdate,
)
from app.models.mentors import Mentor
from app.models.moves import HistoryForMentor, HistoryRead, MoveCreate
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import campaigns, lifecycle
from app.services.mentors.application import approved_in
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/campaigns", tags=["campaigns"])
ThisCampaign = Annotated[Campaign, Depends(to_read(Campaign, "campaign_id"))]
CampaignToMove = Annotated[Campaign, Depends(to_change(Campaign, "campaign_id", match=False))]
CampaignToChange = Annotated[Campaign, Depends(to_change(Campaign, "campaign_id", match=True))]

_APPLICATIONS = (
    select(func.count(col(Mentor.id)))
    .where(
        col(Mentor.prison_id) == col(Campaign.prison_id),
        col(Mentor.campaign_id) == col(Campaign.id),
    )
    .correlate(Campaign)
    .scalar_subquery()
)
_APPROVED = (
    approved_in(col(Campaign.prison_id), col(Campaign.id)).correlate(Campaign).scalar_subquery()
)
LIST = Listing(
    Campaign,
    MATRIX["campaigns.row"],
    filters={"status": lambda value: col(Campaign.status) == value},
    sorts={"opens_on": col(Campaign.opens_on)},
    computed={
        "applications": _APPLICATIONS,
        "places_left": (col(Campaign.places) - _APPROVED).label("places_left"),
    },
)


class CampaignQuery(PageQuery):
    status: CampaignStatus | None = None
    sort: Literal["opens_on", "-opens_on"] = Field(default="-opens_on")


@router.get("", response_model=Page[CampaignRow | CampaignForPrisoner], responses=refusals())
async def list_campaigns(
    actor: MayReadCampaign, db: ReadDb, request: Request, query: Annotated[CampaignQuery, Query()]
) -> Response:
    """Calls for applications; a prisoner finds those that are open."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=CampaignRead, responses=refusals(KeyReused))
async def create_campaign(
    actor: MayWriteCampaign, db: Db, body: CampaignCreate, once: JustOnce
) -> Response:
    """Draft a call for applications."""
    campaign = await campaigns.create(db, actor, body)
    shown = await campaigns.shown(db, campaign, actor)
    return await once.created(shown, location=f"campaigns/{campaign.id}")


@router.get(
    "/{campaign_id}", response_model=CampaignRead | CampaignForPrisoner, responses=refusals()
)
async def read_campaign(actor: MayReadCampaign, db: Db, campaign: ThisCampaign) -> Response:
    """One campaign; to staff with how many applied and how many places are left."""
    return reply(await campaigns.shown(db, campaign, actor))


@router.patch(
    "/{campaign_id}",
    response_model=CampaignRead,
    responses=refusals(CampaignOver, MatchNeeded, Stale),
)
async def update_campaign(
    actor: MayWriteCampaign, db: Db, campaign: CampaignToChange, body: CampaignUpdate
) -> Response:
    """Change its title, its days or its places while it is a draft or open."""
    await campaigns.update(db, campaign, body)
    return reply(await campaigns.shown(db, campaign, actor))


@router.post(
    "/{campaign_id}/moves",
    response_model=CampaignRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_campaign(
    actor: MayWriteCampaign, db: Db, campaign: CampaignToMove, body: MoveCreate
) -> Response:
    """Open, close or cancel a campaign. It opens only where the site has adopted the scheme."""
    await lifecycle.make(db, campaigns.CAMPAIGN, campaign, actor, body)
    return reply(await campaigns.shown(db, campaign, actor))


@router.get(
    "/{campaign_id}/history",
    response_model=Page[HistoryRead | HistoryForMentor],
    responses=refusals(),
)
async def list_campaign_history(actor: MayReadCampaign, db: Db, campaign: ThisCampaign) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, campaign, actor, "campaigns.history")))
