"""Releases: asked for by one, let go by another, collected within a week.

`standing_release` and `collect` are what an export asks before it lets anything out.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import __version__, bundle, clock
from app.access import Actor, the_system
from app.errors import NotFound, NotStanding
from app.models.audit import AuditLink
from app.models.base import Output
from app.models.people import Person
from app.models.releases import Release, ReleaseCreate, ReleaseKind, ReleaseStatus
from app.models.staff import Role, Staff
from app.scope import everything, referred
from app.services import chronology, lifecycle
from app.services.lifecycle import Context, Lifecycle, Move, Refusal
from app.signing import Signer
from app.visibility import shape

S = ReleaseStatus
STANDS_FOR = timedelta(days=7)
EXPIRED_A_TURN = 100
REFUSE_REASONS = ("not_needed", "not_lawful", "wrong_person", "withdrawn", "other")
_BOTH_SIDES = frozenset({Role.governor, Role.mental_health_lead})


def second_person(context: Context) -> Refusal | None:
    if context.actor.staff_id != context.thing.requested_by:
        return None
    return Refusal("second_person", "A second person must release it.")


def both_sides(context: Context) -> Refusal | None:
    """A chronology holds what a governor alone, and what a clinician alone may read."""
    release: Release = context.thing
    two = {release.requested_role, context.actor.role}
    if release.kind is not ReleaseKind.chronology_bundle or two == _BOTH_SIDES:
        return None
    return Refusal("both_sides", "One of the two is a governor, the other a mental health lead.")


def asked_by_governor(context: Context) -> Refusal | None:
    release: Release = context.thing
    bundled = release.kind is ReleaseKind.chronology_bundle
    if bundled or release.requested_role is Role.governor:
        return None
    return Refusal("asked_by_governor", "An export with names is asked for by a governor.")


def in_time(context: Context) -> Refusal | None:
    if context.now < context.thing.expires_at:
        return None
    return Refusal("in_time", "The time for it has run out; ask anew.")


async def note_release(db: AsyncSession, context: Context) -> None:
    """Who released it and when, and where the audit's chain ended then."""
    release: Release = context.thing
    release.released_by, release.released_role = context.actor.staff_id, context.actor.role
    release.released_at = clock.now()
    release.expires_at = clock.now() + STANDS_FOR
    links = everything(AuditLink, release.prison_id).order_by(col(AuditLink.position).desc())
    head = (await db.execute(links.limit(1))).scalar_one_or_none()
    if head is not None:
        release.audit_position, release.audit_digest = head.position, head.digest.hex()


async def note_collecting(db: AsyncSession, context: Context) -> None:
    context.thing.collected_at = context.now


_SERVICE = Move(frozenset({Role.system}), offered=False)
MOVES = {
    (S.requested, S.released): Move(
        _BOTH_SIDES,
        guards=(second_person, both_sides, asked_by_governor, in_time),
        effects=(note_release,),
    ),
    (S.requested, S.refused): Move(_BOTH_SIDES, reasons=REFUSE_REASONS),
    (S.released, S.refused): Move(_BOTH_SIDES, reasons=REFUSE_REASONS),
    (S.released, S.collected): Move(
        _BOTH_SIDES, guards=(in_time,), effects=(note_collecting,), offered=False
    ),
    (S.requested, S.expired): _SERVICE,
    (S.released, S.expired): _SERVICE,
}
RELEASE = Lifecycle("releases", "release", ReleaseStatus, MOVES)


async def request(db: AsyncSession, actor: Actor, body: ReleaseCreate) -> Release:
    """Ask for a release. It can be released for seven days, and then collected for seven."""
    assert actor.staff_id is not None
    as_at = None
    if body.person_id is not None:
        await referred(db, Person, actor.prison_id, body.person_id, "person_id")
        as_at = chronology.instant(body.as_at)
    release = Release(
        prison_id=actor.prison_id,
        as_at=as_at,
        requested_by=actor.staff_id,
        requested_role=actor.role,
        expires_at=clock.now() + STANDS_FOR,
        **body.model_dump(exclude={"as_at"}),
    )
    await lifecycle.begin(db, RELEASE, release, actor)
    return release


async def standing_release(db: AsyncSession, prison_id: str, kind: ReleaseKind) -> Release | None:
    """The oldest release of a kind that is let go and not collected yet, locked; None when there
    is none, or its time has run out."""
    found = everything(Release, prison_id).where(
        col(Release.kind) == kind,
        col(Release.status) == S.released,
        col(Release.expires_at) > clock.now(),
    )
    oldest = found.order_by(col(Release.recorded_at)).limit(1).with_for_update()
    return (await db.execute(oldest)).scalar_one_or_none()


async def collect(db: AsyncSession, actor: Actor, release: Release) -> None:
    """Take what was released, once. A machine collects as the service. Raises NotStanding."""
    if release.status is not S.released or release.expires_at <= clock.now():
        raise NotStanding()
    by = actor if MOVES[S.released, S.collected].belongs_to(actor.role) else None
    system = the_system(release.prison_id)
    await lifecycle.move(db, RELEASE, release, to=S.collected, actor=by or system)


async def collect_bundle(db: AsyncSession, actor: Actor, release: Release, signer: Signer) -> bytes:
    """The signed chronology, to either of the two; again until its time runs out.

    Raises NotFound for anyone else, and while nothing is released.
    """
    two = {release.requested_by, release.released_by}
    standing = release.status in {S.released, S.collected} and release.expires_at > clock.now()
    mine = release.kind is ReleaseKind.chronology_bundle and actor.staff_id in two
    if not standing or not mine:
        raise NotFound("There is no bundle here that you may collect.")
    if release.status is S.released:
        await lifecycle.move(db, RELEASE, release, to=S.collected, actor=actor)
    told = chronology.as_page(await chronology.of_release(db, release))
    facts = await _manifest(db, release)
    return bundle.make({"chronology.json": told}, facts, signer)


async def _manifest(db: AsyncSession, release: Release) -> dict[str, object]:
    """What the bundle is, and by whom it was let go."""
    person = await referred(db, Person, release.prison_id, _of(release), "person_id")
    return {
        "release_id": str(release.id),
        "prison_id": release.prison_id,
        "person": {"id": str(person.id), "number": person.number, "name": person.display_name},
        "as_at": _spelt(release.as_at),
        "purpose": release.purpose,
        "requested": {
            "by": await _subject(db, release, release.requested_by),
            "role": release.requested_role,
            "at": _spelt(release.recorded_at),
        },
        "released": {
            "by": await _subject(db, release, release.released_by),
            "role": release.released_role,
            "at": _spelt(release.released_at),
        },
        "software_version": __version__,
        "audit_head": {"position": release.audit_position, "digest": release.audit_digest},
    }


def _of(release: Release) -> UUID:
    assert release.person_id is not None, "a bundle is of a person"
    return release.person_id


def _spelt(at: datetime | None) -> str | None:
    return clock.spell(at) if at is not None else None


async def _subject(db: AsyncSession, release: Release, staff_id: UUID | None) -> str:
    found = everything(Staff, release.prison_id).where(col(Staff.id) == staff_id)
    return (await db.execute(found)).scalar_one().subject


async def expire_due(db: AsyncSession, prison_id: str) -> None:
    """Record what has run out: by the clock nothing of it was released or collected any more."""
    due = (
        everything(Release, prison_id)
        .where(
            col(Release.status).in_([S.requested, S.released]),
            col(Release.expires_at) <= clock.now(),
        )
        .limit(EXPIRED_A_TURN)
        .with_for_update(skip_locked=True)
    )
    system = the_system(prison_id)
    for release in (await db.execute(due)).scalars().all():
        await lifecycle.move(db, RELEASE, release, to=S.expired, actor=system)


async def shown(db: AsyncSession, release: Release, actor: Actor) -> Output:
    """The release, with what this actor may do next."""
    moves = await lifecycle.options(db, RELEASE, release, actor)
    found = shape("releases", actor.role).model_validate({**release.model_dump(), "moves": moves})
    assert isinstance(found, Output)
    return found


async def history_shown(db: AsyncSession, release: Release, actor: Actor) -> list[Output]:
    """Every move of the release, oldest first."""
    return await lifecycle.history_shown(db, release, actor, "releases")
