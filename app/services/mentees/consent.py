"""A mentee's consent: the explanation as it was given, and the permission it led to."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import Invalid
from app.models.explanations import Explanation, ExplanationCreate
from app.models.mentees import CheckFirstPut, ConsentPut, Mentee
from app.models.permissions import HowGiven, PermissionCreate
from app.services import explanations, lifecycle
from app.services.mentees.moves import MENTEE
from app.services.permissions import PEER_SUPPORT, give_unless_given

CHECK_FIRST_AT_MOST = timedelta(days=28)


async def record(db: AsyncSession, actor: Actor, mentee: Mentee, body: ConsentPut) -> None:
    """Record permission to share and the explanation, by this actor, as understood. The permission
    is to the mentor, for peer support, and stands until it is revoked."""
    if not body.understood:
        message = "what was not understood is no consent: explain it again, in another way"
        raise Invalid.field("understood", "not_understood", message)
    if body.permission_to_share_at > clock.now():
        message = "must not be in the future"
        raise Invalid.field("permission_to_share_at", "in_the_future", message)
    told = ExplanationCreate(**body.model_dump(exclude={"permission_to_share_at"}))
    await explain(db, actor, mentee, told)
    mentee.permission_to_share_at = body.permission_to_share_at
    recipient, purpose = PEER_SUPPORT
    permission = PermissionCreate(
        person_id=mentee.person_id,
        recipient=recipient,
        purpose=purpose,
        how=HowGiven.spoken,
        given_at=body.permission_to_share_at,
    )
    await give_unless_given(db, actor, permission)
    await lifecycle.mark(db, MENTEE, mentee, actor, "consent_recorded")
    await db.flush()


async def explain(
    db: AsyncSession, actor: Actor, mentee: Mentee, body: ExplanationCreate
) -> Explanation:
    """Record an explanation given. What was understood becomes the mentee's present one."""
    given = await explanations.record(db, actor, mentee.person_id, body)
    if body.understood:
        mentee.explained_at, mentee.explained_by = body.explained_at, actor.staff_id
        mentee.explained_version = body.explained_version
        mentee.explained_language = body.explained_language
    await db.flush()
    return given


async def mark_check_first(
    db: AsyncSession, actor: Actor, mentee: Mentee, body: CheckFirstPut
) -> None:
    """Ask the mentee's mentor to check with staff first, for a time. Why is kept nowhere."""
    if body.until is not None and not (
        clock.now() < body.until <= clock.now() + CHECK_FIRST_AT_MOST
    ):
        message = f"must lie ahead, by {CHECK_FIRST_AT_MOST.days} days at most"
        raise Invalid.field("until", "until", message)
    mentee.check_first_until = body.until
    await lifecycle.mark(db, MENTEE, mentee, actor, "check_first_set")
    await db.flush()
