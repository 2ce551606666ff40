"""The clinicians' nights: two duties that come again week by week, and the one last night that
the clinician handed over, with a note."""

from datetime import time, timedelta

from sqlmodel import col

from app import clock
from app.demo.escalation import id_of
from app.demo.series import LONDON
from app.demo.wing import Wing
from app.models.duties import Duty, Post
from app.models.duty_patterns import DutyPatternCreate
from app.models.handovers import AcceptanceCreate, DutyHandoverCreate
from app.scope import everything
from app.services import duty_patterns, handovers

NIGHTS = {"nurse": [1, 2, 3, 4], "mental_health_lead": [5, 6, 7]}
FROM, TO = time(20), time(8)
SINCE = timedelta(days=15)
NOTE = "Quiet on the threes. Who asked for the chaplain was told he comes at nine."


async def live(wing: Wing) -> None:
    """From a fortnight ago, and the night that began last."""
    wing.at(days=SINCE.days)
    first = clock.now().astimezone(LONDON).date()
    async with wing.db.write(wing.prison_id) as session:
        for who, weekdays in NIGHTS.items():
            body = DutyPatternCreate(
                staff_id=id_of(wing.actors[who]), post=Post.clinician, weekdays=weekdays,
                from_time=FROM, to_time=TO, first_day=first,
            )  # fmt: skip
            await duty_patterns.create(session, wing.governor, body)
    await _handed_over(wing)


async def _handed_over(wing: Wing) -> None:
    """The clinician went home, and whoever has that night took it over."""
    clinicians = everything(Duty, wing.prison_id).where(col(Duty.post) == Post.clinician)
    standing = clinicians.where(col(Duty.pattern_id).is_(None))
    begun = clinicians.where(col(Duty.pattern_id).is_not(None), col(Duty.starts_at) < wing.today)
    async with wing.db.write(wing.prison_id) as session:
        duty = (await session.scalars(standing)).one()
        last = begun.order_by(col(Duty.starts_at).desc()).limit(1)
        night = (await session.scalars(last)).one()
        comes = {id_of(wing.actors[who]): wing.actors[who] for who in NIGHTS}[night.staff_id]
        clock.set_offset(night.starts_at - clock.real_now())
        body = DutyHandoverCreate(duty_id=duty.id, to_staff_id=night.staff_id, notes=NOTE)
        offered = await handovers.offer(session, wing.clinician, body)
        clock.forward(minutes=4)
        await handovers.accept(session, comes, offered, AcceptanceCreate())
