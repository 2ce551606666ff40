"""The site adopts the scheme and calls for applications; what is said by and of those who apply."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.demo.wing import Wing
from app.models.adoptions import AdoptionCreate, AdoptionPart
from app.models.campaigns import CampaignCreate
from app.models.character_references import (
    CharacterReferenceCreate,
    RefereeRole,
    Supports,
)
from app.models.interviews import InterviewCreate, Recommendation
from app.models.mentors import Mentor
from app.models.statements import Prompt, StatementCreate
from app.services import (
    adoptions,
    campaigns,
    character_references,
    interviews,
    lifecycle,
    statements,
)

VERSION = "2026-1"
PARTS = {
    AdoptionPart.senior_manager: "deputy",
    AdoptionPart.governor: "governor",
    AdoptionPart.mental_health_lead: "mental_health_lead",
}
SAID = {
    Prompt.what_i_bring: "I have been on this wing for four years, and people talk to me.",
    Prompt.when_i_am_available: "Every afternoon, and at night if it must be.",
}


async def live(wing: Wing) -> None:
    """Three people sign the adoption; a campaign opens, and closes soon."""
    async with wing.db.write(wing.prison_id) as session:
        for part, who in PARTS.items():
            manager = "R. Ashdown, head of safety" if who == "deputy" else None
            body = AdoptionCreate(part=part, named_person=manager, scheme_version=VERSION)
            await adoptions.sign(session, wing.actors[who], body)
        wing.at(days=61)
        today = clock.now().date()
        call = CampaignCreate(
            title="Mentors for Delta wing",
            opens_on=today,
            closes_on=today + timedelta(days=75),
            places=4,
        )
        campaign = await campaigns.create(session, wing.support_worker, call)
        await lifecycle.move(
            session, campaigns.CAMPAIGN, campaign, to="open", actor=wing.support_worker
        )
        wing.campaign_id = campaign.id


async def says(session: AsyncSession, wing: Wing, mentor: Mentor) -> None:
    """What an applicant says besides why, and what an officer says of him."""
    for prompt, text in SAID.items():
        body = StatementCreate(mentor_id=mentor.id, prompt=prompt, text=text)
        await statements.write(session, wing.support_worker, body)
    reference = CharacterReferenceCreate(
        mentor_id=mentor.id,
        referee_name="Officer Byton",
        referee_role=RefereeRole.wing_staff,
        supports=Supports.yes,
        text="He listens, and keeps what he hears.",
        received_on=clock.now().date(),
    )
    await character_references.enter(session, wing.support_worker, reference)


async def is_interviewed(session: AsyncSession, wing: Wing, mentor: Mentor) -> None:
    """By the support worker and by the clinician, each for themselves."""
    for actor in (wing.support_worker, wing.clinician):
        body = InterviewCreate(
            mentor_id=mentor.id,
            held_at=clock.now() - timedelta(hours=1),
            recommendation=Recommendation.recommended,
            notes="Knows why he wants it, and what it costs.",
        )
        await interviews.record(session, actor, body)
