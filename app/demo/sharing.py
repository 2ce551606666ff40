"""One man on an ACCT, and one who took back his permission to share with the family."""

from datetime import timedelta

from app import clock
from app.demo.wing import Wing
from app.models.acct_pointers import AcctPointerCreate
from app.models.permissions import HowGiven, PermissionCreate, Purpose, Recipient
from app.services import acct_pointers, lifecycle, permissions

ON_ACCT, REVOKES = 40, 60


async def live(wing: Wing) -> None:
    """An open ACCT opened two days ago; a permission given last week and revoked since."""
    wing.at(days=2)
    today = clock.now().date()
    async with wing.db.write(wing.prison_id) as session:
        pointer = AcctPointerCreate(
            person_id=wing.person_ids[ON_ACCT],
            opened_on=today,
            next_review_on=today + timedelta(days=3),
        )
        await acct_pointers.create(session, wing.clinician, pointer)
        given = PermissionCreate(
            person_id=wing.person_ids[REVOKES],
            recipient=Recipient.family,
            purpose=Purpose.family_contact,
            how=HowGiven.spoken,
            given_at=clock.now() - timedelta(days=7),
        )
        permission = await permissions.give(session, wing.support_worker, given)
        await lifecycle.move(
            session,
            permissions.PERMISSION,
            permission,
            to="revoked",
            actor=wing.support_worker,
            reason="spoken_word",
        )
