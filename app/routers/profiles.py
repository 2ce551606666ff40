"""Profiles over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from app.access import CurrentActor, MayReadProfile, MayWriteProfile
from app.db import Db
from app.errors import AlreadyExists, MatchNeeded, NotFound, Stale
from app.models.people import Person
from app.models.profiles import Profile, ProfileOwn, ProfilePut, ProfileRead
from app.paths import IfMatch
from app.problems import refusals
from app.replies import check_match, reply
from app.services import profiles

router = APIRouter(prefix="/v1/prisons/{prison_id}/profiles", tags=["profiles"])
AnyProfile = ProfileRead | ProfileOwn


async def _whose(actor: CurrentActor, db: Db, person_id: UUID) -> Person:
    return await profiles.person_of(db, actor, person_id)


ThisPerson = Annotated[Person, Depends(_whose)]


async def _profile_to_put(
    actor: CurrentActor, db: Db, person: ThisPerson, if_match: IfMatch = None
) -> Profile | None:
    """What stands is replaced only with its ETag; where nothing stands no ETag can match."""
    profile = await profiles.find(db, actor, person.id, lock=True)
    if profile is not None:
        check_match(profile.version, if_match, needed=True)
    elif if_match is not None:
        raise Stale("There is no profile of this person yet; send no If-Match.")
    return profile


@router.get("/{person_id}", response_model=AnyProfile, responses=refusals())
async def read_profile(actor: MayReadProfile, db: Db, person: ThisPerson) -> Response:
    """What helps to find someone a mentor, or a mentee. Prisoners read their own."""
    profile = await profiles.find(db, actor, person.id)
    if profile is None:
        raise NotFound()
    return reply(profiles.shown(profile, actor))


@router.put(
    "/{person_id}",
    response_model=AnyProfile,
    responses={
        201: {"model": AnyProfile, "description": "Set for the first time"},
        **refusals(AlreadyExists, MatchNeeded, Stale),
    },
)
async def put_profile(
    actor: MayWriteProfile,
    db: Db,
    person: ThisPerson,
    profile: Annotated[Profile | None, Depends(_profile_to_put)],
    body: ProfilePut,
) -> Response:
    """Set someone's profile: without If-Match the first time (201), with it from then on. Without a
    time of consent, what they have been through is taken away and asked for no more."""
    made = await profiles.put(db, actor, person, profile, body)
    return reply(profiles.shown(made, actor), status=200 if profile else 201)
