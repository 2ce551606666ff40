"""A night two days ago when a nurse broke the glass, and the governor's review of it."""

from app import clock
from app.demo.wing import Wing
from app.models.break_glass import (
    BreakGlassCreate,
    BreakGlassReason,
    BreakGlassReview,
    ReviewOutcome,
)
from app.services import break_glass

FOUND_UNWELL = 25


async def live(wing: Wing) -> None:
    """Opened for an hour, ended after twenty minutes, found justified the next morning."""
    wing.at(days=2)
    async with wing.db.write(wing.prison_id) as session:
        body = BreakGlassCreate(
            person_id=wing.person_ids[FOUND_UNWELL],
            reason_code=BreakGlassReason.emergency_treatment,
            reason="Found confused on the landing; needed to know what he is treated for.",
        )
        glass = await break_glass.open_glass(session, wing.nurse, body)
        clock.forward(minutes=20)
        await break_glass.end(session, wing.nurse, glass)
        clock.forward(hours=9)
        note = "The only nurse on duty, and ended as soon as the hospital had taken over."
        judged = BreakGlassReview(outcome=ReviewOutcome.justified, note=note)
        await break_glass.review(session, wing.governor, glass, judged)
