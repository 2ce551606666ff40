"""Whether an export that was asked for may still be made, and still be fetched."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock, standing
from app.access import Actor
from app.db import Database
from app.grants import P
from app.models.clients import ClientScope
from app.models.export_jobs import ExportJob
from app.models.releases import Release, ReleaseStatus
from app.models.staff import Role
from app.scope import everything


def may_have(actor: Actor, *, identifiable: bool) -> bool:
    """Whether a client's scopes let it have exports of this kind."""
    return actor.allowed(P.export_identifiable if identifiable else P.export_pseudonymised)


async def as_it_stands(db: Database, job: ExportJob, since: datetime | None = None) -> Actor | None:
    """The client that asked, as it is let today; None where it is shut out, the scope was taken
    from it, or its token was revoked: the one it asked with, or any that it had `since`."""
    issued_at = since or job.token_issued_at
    row = await standing.of_client(db, job.prison_id, job.subject, job.token_id, issued_at)
    if row is None:
        return None
    scopes = frozenset(ClientScope(name) for name in row["scopes"])
    actor = Actor(job.prison_id, job.subject, Role.machine, scopes=scopes)
    return actor if may_have(actor, identifiable=job.identifiable) else None


async def release_of(db: AsyncSession, job: ExportJob) -> Release | None:
    """The release of an export with names, locked, if it stands: let go and in time, or collected
    by this very job. None where it was withdrawn, has run out, or went elsewhere."""
    found = everything(Release, job.prison_id).where(col(Release.id) == job.release_id)
    release = (await db.scalars(found.with_for_update())).one()
    if job.collected_at is not None and release.status is ReleaseStatus.collected:
        return release
    in_time = release.expires_at > clock.now()
    return release if release.status is ReleaseStatus.released and in_time else None
