"""Profiles: put by the person, or by staff for them. What somebody has been through stands only
as long as they consent; taken back, it is gone."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid, NotFound
from app.models.base import Output
from app.models.people import Person
from app.models.profiles import Profile, ProfilePut
from app.models.staff import Role
from app.scope import load, visible
from app.services import outbox
from app.visibility import shape


async def person_of(db: AsyncSession, actor: Actor, person_id: UUID) -> Person:
    """Whose profile the address names. Prisoners reach their own alone, of whomever they know the
    name. Raises NotFound."""
    if actor.family is Role.mentor and person_id != actor.person_id:
        raise NotFound()
    return await load(db, Person, actor, person_id, lock=False)


async def find(
    db: AsyncSession, actor: Actor, person_id: UUID, *, lock: bool = False
) -> Profile | None:
    """The person's profile; None where there is none yet."""
    found = visible(Profile, actor).where(col(Profile.person_id) == person_id)
    if lock:
        found = found.with_for_update()
    return (await db.execute(found)).scalar_one_or_none()


async def put(
    db: AsyncSession, actor: Actor, person: Person, profile: Profile | None, body: ProfilePut
) -> Profile:
    """Set the profile for the first time, or replace it. Raises Invalid for a consent that was
    not given yet, or was taken back since."""
    _check_consent(profile, body)
    if profile is None:
        profile = Profile(prison_id=person.prison_id, person_id=person.id, recorded_by="")
        db.add(profile)
    elif profile.lived_experience_consent_at and not body.lived_experience_consent_at:
        profile.lived_experience_revoked_at = clock.now()
    for name, value in body.model_dump().items():
        setattr(profile, name, value)
    profile.recorded_by = actor.subject
    await db.flush()
    outbox.say(db, person.prison_id, "profile.updated", profile.id)
    return profile


def _check_consent(profile: Profile | None, body: ProfilePut) -> None:
    given, name = body.lived_experience_consent_at, "lived_experience_consent_at"
    if given is None:
        return
    if given > clock.now():
        raise Invalid.field(name, "in_the_future", "must not be in the future")
    revoked = profile.lived_experience_revoked_at if profile else None
    if revoked is not None and given <= revoked:
        raise Invalid.field(name, "taken_back", "this consent was taken back since")


def shown(profile: Profile, actor: Actor) -> Output:
    """The profile, as this actor sees it."""
    return shape("profiles", actor.role).model_validate(profile)
