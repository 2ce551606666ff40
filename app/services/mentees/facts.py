"""What the guards of a mentee's moves decide on, loaded beforehand."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.mentees import CheckKind, Mentee, MenteeStatus
from app.models.moves import History
from app.models.permissions import PermissionStatus, Purpose, Recipient, SharingPermission
from app.models.prisons import Prison
from app.scope import everything
from app.services.working_days import local_date

OUTREACH = f"{CheckKind.outreach}_recorded"


@dataclass(frozen=True, slots=True)
class Facts:
    """`outreach_days`: the local days on which someone reached out since support began."""

    permission_taken_back: bool = False
    outreach_days: frozenset[date] = frozenset()


async def load_facts(db: AsyncSession, mentee: Mentee) -> Facts:
    days: frozenset[date] = frozenset()
    if mentee.status is MenteeStatus.engaged:
        days = await _outreach_days(db, mentee)
    return Facts(await _permission_taken_back(db, mentee), days)


async def _permission_taken_back(db: AsyncSession, mentee: Mentee) -> bool:
    """Whether permission to share with a mentor was revoked, and not given anew since."""
    found = everything(SharingPermission, mentee.prison_id).where(
        col(SharingPermission.person_id) == mentee.person_id,
        col(SharingPermission.recipient) == Recipient.mentor,
        col(SharingPermission.purpose) == Purpose.peer_support,
    )
    rows = await db.execute(found.with_only_columns(col(SharingPermission.status)))
    return set(rows.scalars()) == {PermissionStatus.revoked}


async def outreach_of(db: AsyncSession, mentee: Mentee) -> list[History]:
    """Every attempt to reach out in this episode, as it is recorded."""
    found = everything(History, mentee.prison_id).where(
        col(History.thing_id) == mentee.id, col(History.reason) == OUTREACH
    )
    return list((await db.execute(found)).scalars())


async def _outreach_days(db: AsyncSession, mentee: Mentee) -> frozenset[date]:
    since = mentee.engaged_at or mentee.referred_at
    zone = (await db.get_one(Prison, mentee.prison_id)).tz
    return frozenset(
        local_date(each.occurred_at, zone)
        for each in await outreach_of(db, mentee)
        if each.occurred_at >= since
    )
