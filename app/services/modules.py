"""Modules: the five of the curriculum, and the site's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid, NursesOnly
from app.models.base import Output
from app.models.modules import (
    GRACE_DAYS,
    ModuleCreate,
    ModuleSource,
    ModuleStatus,
    ModuleUpdate,
    SiteModule,
)
from app.models.prisons import Prison
from app.models.staff import Role
from app.models.trainings import Module
from app.scope import everything, visible
from app.services import lifecycle, outbox
from app.services.curriculum import curriculum
from app.services.lifecycle import Lifecycle, Move
from app.services.working_days import local_date
from app.visibility import shape

S = ModuleStatus
NURSES = frozenset({Role.nurse, Role.mental_health_lead})
MOVES = {(S.active, S.retired): Move(NURSES)}
MODULE = Lifecycle("modules", "module", ModuleStatus, MOVES)


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a training opened today is pinned to."""

    code: str
    title: str
    edition: str
    validity_months: int


async def create(db: AsyncSession, actor: Actor, body: ModuleCreate) -> SiteModule:
    """Add a module of the site's own. A code that was ever used is refused by the database."""
    if actor.role not in NURSES:
        raise NursesOnly()
    since = await _today(db, actor.prison_id) if body.required else None
    module = SiteModule(prison_id=actor.prison_id, required_from=since, **body.model_dump())
    await lifecycle.begin(db, MODULE, module, actor)
    return module


async def change(db: AsyncSession, actor: Actor, module: SiteModule, body: ModuleUpdate) -> None:
    """Change what is taught, which is a new edition, or whether it is required."""
    if actor.role not in NURSES:
        raise NursesOnly()
    today = await _today(db, module.prison_id)
    new = body.model_dump(exclude_unset=True)
    taught = {name: new[name] for name in ("title", "validity_months") if name in new}
    if any(getattr(module, name) != value for name, value in taught.items()):
        module.edition += 1
        for name, value in taught.items():
            setattr(module, name, value)
    required = new.get("required", module.required)
    if required != module.required:
        module.required = required
        module.required_from = today if required else None
    outbox.say(db, module.prison_id, "module.changed", module.id)
    await db.flush()


async def _today(db: AsyncSession, prison_id: str) -> date:
    return local_date(clock.now(), (await db.get_one(Prison, prison_id)).tz)


async def required_here(db: AsyncSession, prison_id: str) -> Sequence[SiteModule]:
    """The site's own modules that a mentor must have."""
    found = everything(SiteModule, prison_id).where(
        col(SiteModule.status) == S.active, col(SiteModule.required)
    )
    return (await db.scalars(found.order_by(col(SiteModule.code)))).all()


def binding(required: Sequence[SiteModule], today: date, *, was_active: bool) -> list[str]:
    """The codes that a mentor must have today: the five, and the site's required ones. Who is or
    was active has time for one that has newly become required: no wing pauses overnight."""
    site = [
        module.code
        for module in required
        if not was_active or (module.required_from or today) + timedelta(days=GRACE_DAYS) <= today
    ]
    return [*(module.value for module in Module), *site]


async def pinned(db: AsyncSession, prison_id: str, code: str, name: str = "module") -> Pinned:
    """What a module is today. Raises Invalid, naming the field, for one that is not taught here."""
    if code in {module.value for module in Module}:
        version = curriculum().versions[curriculum().current]
        title = version.titles[Module(code)]
        return Pinned(code, title, curriculum().current, version.validity_months)
    found = everything(SiteModule, prison_id).where(col(SiteModule.code) == code)
    module = (await db.execute(found)).scalar_one_or_none()
    if module is None:
        raise Invalid.field(name, "unknown", "there is no such module here")
    if module.status is S.retired:
        raise Invalid.field(name, "retired", "this module is no longer taught")
    return Pinned(code, module.title, str(module.edition), module.validity_months)


async def is_taught(db: AsyncSession, prison_id: str, code: str) -> bool:
    """Whether a module is opened here now: a retired one is not."""
    own = everything(SiteModule, prison_id).where(
        col(SiteModule.code) == code, col(SiteModule.status) == S.active
    )
    return code in {module.value for module in Module} or bool((await db.scalars(own)).all())


async def listed(db: AsyncSession, actor: Actor) -> list[Output]:
    """The curriculum's modules, then the site's own by code."""
    wanted = shape("modules.row", actor.role)
    version = curriculum().versions[curriculum().current]
    rows = [
        {
            "id": None,
            "code": module.value,
            "title": version.titles[module],
            "source": ModuleSource.curriculum,
            "edition": curriculum().current,
            "validity_months": version.validity_months,
            "required": True,
            "required_from": None,
            "status": S.active,
        }
        for module in Module
    ]
    own = visible(SiteModule, actor).order_by(col(SiteModule.code))
    rows += [
        {**module.model_dump(), "source": ModuleSource.site, "edition": str(module.edition)}
        for module in await db.scalars(own)
    ]
    return [wanted.model_validate(row) for row in rows]


async def shown(db: AsyncSession, module: SiteModule, actor: Actor) -> Output:
    """A module of the site's own, with what this actor may do next."""
    moves = await lifecycle.options(db, MODULE, module, actor)
    return shape("modules", actor.role).model_validate({**module.model_dump(), "moves": moves})
