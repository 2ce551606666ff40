"""What the wing's people told of themselves for matching, whom they know, and a proposal that waits
for a support worker."""

from datetime import timedelta
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.demo.wing import Wing
from app.models.acquaintances import AcquaintanceCreate, Relation
from app.models.languages import Language
from app.models.match_proposals import MatchProposalCreate
from app.models.people import Person
from app.models.profiles import LivedTopic, Preference, ProfilePut, Skill
from app.scope import everything
from app.services import acquaintances, match_proposals, non_associations, profiles

SPEAK = ([Language.EN], [Language.EN, Language.PL], [Language.EN, Language.RO], [Language.EN])
GOOD_AT = (
    [Skill.listening, Skill.art],
    [Skill.literacy, Skill.quiet_company],
    [Skill.sport, Skill.young_adults],
    [Skill.faith, Skill.older_men],
)
NEED = ([Skill.literacy], [Skill.art], [Skill.sport, Skill.daily_routine], [Skill.listening])
WISH = (
    [Preference.same_language],
    [Preference.quiet_person],
    [Preference.older_mentor],
    [Preference.group_first],
)
MENTEES = range(160, 200)  # of the wing's people: those who wait, most of them
KNOW = (163, 170)


async def live(wing: Wing) -> None:
    """Profiles of the mentors and of those who wait; two acquaintances, one non-association; and
    yesterday a proposal."""
    wing.at(days=6)
    async with wing.db.write(wing.prison_id) as session:
        for number in range(5):
            await _profile(session, wing, wing.person_ids[number], number, mentor=True)
        for number in MENTEES:
            await _profile(session, wing, wing.person_ids[number], number, mentor=False)
        for number in KNOW:
            known = AcquaintanceCreate(
                person_id=wing.person_ids[number],
                other_person_id=wing.person_ids[number % 3],
                relation=Relation.former_cellmate,
            )
            await acquaintances.declare(session, wing.support_worker, known)
        await _kept_apart(session, wing, wing.person_ids[165], wing.person_ids[1])
    wing.at(days=1)
    async with wing.db.write(wing.prison_id) as session:
        await match_proposals.propose(session, wing.support_worker, MatchProposalCreate())


async def _profile(
    session: AsyncSession, wing: Wing, person_id: UUID, number: int, *, mentor: bool
) -> None:
    person = await profiles.person_of(session, wing.support_worker, person_id)
    consents = mentor or number % 4 == 0
    topics = [LivedTopic.bereavement, LivedTopic.anxiety][: 1 + number % 2] if consents else []
    wish = [] if mentor else WISH[number % 4]
    body = ProfilePut(
        languages=SPEAK[number % 4],
        skills=GOOD_AT[number % 4] if mentor else [],
        needs=[] if mentor else NEED[number % 4],
        preferences=[*wish, Preference.lived_experience] if consents and not mentor else wish,
        lived_experience=topics,
        lived_experience_consent_at=clock.now() - timedelta(hours=1) if consents else None,
    )
    await profiles.put(session, wing.support_worker, person, None, body)


async def _kept_apart(session: AsyncSession, wing: Wing, *people: UUID) -> None:
    """One non-association, as HMPPS's `involving` answers it."""
    found = everything(Person, wing.prison_id).where(col(Person.id).in_(people))
    one, other = [person.number for person in (await session.scalars(found)).all()]
    pair = {
        "id": 90001,
        "firstPrisonerNumber": one,
        "secondPrisonerNumber": other,
        "restrictionType": "WING",
        "whenUpdated": "2026-01-05T09:00:00",
        "isOpen": True,
        "isClosed": False,
    }
    await non_associations.import_documents(session, wing.support_worker, orjson.dumps([pair]))
