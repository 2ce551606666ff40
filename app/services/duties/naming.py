"""Who names a last resort, and who may hold a post."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.errors import Invalid, NotAllowed
from app.models.duties import Post
from app.models.staff import Role, Staff, StaffRole
from app.scope import referred


def fits(post: Post) -> list[StaffRole]:
    """The roles whose people may have a post."""
    clinicians = [each for each in StaffRole if Role(each.value).family is Role.clinician]
    return clinicians if post is Post.clinician else list(StaffRole)


def governors_only(actor: Actor) -> None:
    if actor.role not in {Role.governor, Role.system}:
        raise NotAllowed("Only a governor names or ends a last resort.")


async def who_may_hold(db: AsyncSession, actor: Actor, post: Post, staff_id: UUID) -> Staff:
    """An active member of staff who may have the post. The clinicians' is held by clinicians: a
    ladder that pages the clinician must not find somebody who may not review what it is about."""
    staff = await referred(db, Staff, actor.prison_id, staff_id, "staff_id")
    if not staff.active:
        raise Invalid.field("staff_id", "not_active", "must be an active member of staff")
    if post is Post.clinician and staff.role not in fits(post):
        raise Invalid.field("staff_id", "not_a_clinician", "must be a clinician, for this post")
    return staff
