"""Modules over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.access import MayReadModule, MayWriteModule
from app.db import Db
from app.errors import (
    AlreadyExists,
    GuardsUnmet,
    KeyReused,
    MatchNeeded,
    MoveNotInTable,
    MoveNotYours,
    NursesOnly,
    Stale,
)
from app.models.modules import ModuleCreate, ModuleRead, ModuleRow, ModuleUpdate, SiteModule
from app.models.moves import HistoryForMentor, HistoryRead, MoveCreate
from app.paging import Page, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import lifecycle, modules

router = APIRouter(prefix="/v1/prisons/{prison_id}/modules", tags=["modules"])
ThisModule = Annotated[SiteModule, Depends(to_read(SiteModule, "module_id"))]
ModuleToMove = Annotated[SiteModule, Depends(to_change(SiteModule, "module_id", match=False))]
ModuleToChange = Annotated[SiteModule, Depends(to_change(SiteModule, "module_id", match=True))]


@router.get("", response_model=Page[ModuleRow], responses=refusals())
async def list_modules(actor: MayReadModule, db: Db) -> Response:
    """What mentors are trained in: the curriculum's modules, then the site's own."""
    return reply(whole(await modules.listed(db, actor)))


@router.post(
    "",
    status_code=201,
    response_model=ModuleRead,
    responses=refusals(AlreadyExists, KeyReused, NursesOnly),
)
async def create_module(
    actor: MayWriteModule, db: Db, body: ModuleCreate, once: JustOnce
) -> Response:
    """Add a module of the site's own; a nurse's or the mental health lead's to do."""
    module = await modules.create(db, actor, body)
    shown = await modules.shown(db, module, actor)
    return await once.created(shown, location=f"modules/{module.id}")


@router.get("/{module_id}", response_model=ModuleRead, responses=refusals())
async def read_module(actor: MayReadModule, db: Db, module: ThisModule) -> Response:
    """One module of the site's own, with what you may do next."""
    return reply(await modules.shown(db, module, actor))


@router.patch(
    "/{module_id}",
    response_model=ModuleRead,
    responses=refusals(MatchNeeded, Stale, NursesOnly),
)
async def update_module(
    actor: MayWriteModule, db: Db, module: ModuleToChange, body: ModuleUpdate
) -> Response:
    """Change a module. Another title or validity is a new edition; trainings keep theirs."""
    await modules.change(db, actor, module, body)
    return reply(await modules.shown(db, module, actor))


@router.post(
    "/{module_id}/moves",
    response_model=ModuleRead,
    responses=refusals(MoveNotInTable, MoveNotYours, GuardsUnmet, Stale),
)
async def move_module(
    actor: MayWriteModule, db: Db, module: ModuleToMove, body: MoveCreate
) -> Response:
    """Retire a module: nobody needs it any more, and none is opened anew."""
    await lifecycle.make(db, modules.MODULE, module, actor, body)
    return reply(await modules.shown(db, module, actor))


@router.get(
    "/{module_id}/history",
    response_model=Page[HistoryRead | HistoryForMentor],
    responses=refusals(),
)
async def list_module_history(actor: MayReadModule, db: Db, module: ThisModule) -> Response:
    """Every move made, oldest first."""
    return reply(whole(await lifecycle.history_shown(db, module, actor, "modules.history")))
