"""Me: what the bearer of a token may do today, in each prison that the token names."""

from app.access import standing
from app.db import Database
from app.models.me import MeRead, MyPrison
from app.tokens import Claims


async def who_am_i(db: Database, who: Claims) -> MeRead:
    """The bearer, with the role in force and the permissions in each prison."""
    return MeRead(
        subject=who.subject,
        roles=sorted(who.roles),
        token_expires_at=who.expires_at,
        prisons=[await _in(db, prison_id, who) for prison_id in sorted(who.prisons)],
    )


async def _in(db: Database, prison_id: str, who: Claims) -> MyPrison:
    actor = await standing(db, prison_id, who)
    return MyPrison(
        prison_id=prison_id,
        role=actor.role if actor else None,
        staff_id=actor.staff_id if actor else None,
        person_id=actor.person_id if actor else None,
        mentor_id=actor.mentor_id if actor else None,
        permissions=sorted(actor.permissions) if actor else [],
    )
