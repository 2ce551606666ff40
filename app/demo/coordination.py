"""How the mentors are looked after: weeks of supervision, a check-in each, a month's review."""

from sqlmodel import col

from app import clock
from app.demo.wing import Wing
from app.models.check_ins import CheckInCreate, CheckInLimit, Fitness
from app.models.joint_reviews import JointReview, JointReviewHeld
from app.models.mentors import Mentor
from app.models.supervisions import (
    MentorSignature,
    SignatureCreate,
    SupervisionHeld,
    SupervisionMode,
)
from app.scope import everything
from app.services import check_ins, joint_reviews, supervisions
from app.services.supervisions.plans import open_of

SHARED = "We spoke of the long nights and of what went well with the Tuesday group."
STEPS = "Two shorter sessions this week; we meet again as planned."
STAFF = "He takes on more than he says: watch the nights."
SUMMARY = "The Tuesday group is full; two men wait for a mentor. One mentor rests from nights."
WEEKS = (35, 28, 21, 14, 7, 1)


async def live(wing: Wing) -> None:
    """Held from five weeks ago on; the last one waits for a signature."""
    async with wing.db.write(wing.prison_id) as session:
        for number, mentor_id in enumerate(wing.active_ids):
            this = everything(Mentor, wing.prison_id).where(col(Mentor.id) == mentor_id)
            mentor = (await session.scalars(this)).one()
            for days in WEEKS if number < 4 else (31, 1):
                wing.at(days=days, hours=3)
                supervision = await open_of(session, mentor)
                assert supervision is not None, "an active mentor has one ahead"
                told = SupervisionHeld(
                    mode=SupervisionMode.in_person,
                    shared_note=SHARED,
                    next_steps=STEPS,
                    staff_note=STAFF,
                )
                await supervisions.hold(session, wing.support_worker, supervision, told)
                if days > WEEKS[-1]:
                    signed = SignatureCreate(signature=MentorSignature.signed)
                    sign = supervisions.sign_as_mentor
                    await sign(session, wing.support_worker, supervision, signed)
                    await supervisions.sign_as_supervisor(session, wing.support_worker, supervision)
    await _asked(wing)
    await _reviewed(wing)


async def _asked(wing: Wing) -> None:
    """Every active mentor was asked how they are; one is spared the nights."""
    wing.at(days=10)
    async with wing.db.write(wing.prison_id) as session:
        for number, mentor_id in enumerate(wing.active_ids):
            spared = number == 2
            body = CheckInCreate(
                mentor_id=mentor_id,
                limits=[CheckInLimit.no_nights if spared else CheckInLimit.none],
                fitness=Fitness.fit_with_limits if spared else Fitness.fit,
                said="The nights wear me out; by day I am glad of it." if spared else None,
            )
            await check_ins.record(session, wing.support_worker, body)


async def _reviewed(wing: Wing) -> None:
    """The review of the month before was held and signed; this month's is open."""
    wing.at(days=32)
    both = (wing.support_worker, wing.clinician)
    ids = [actor.staff_id for actor in both]
    assert ids[0] is not None
    assert ids[1] is not None
    async with wing.db.write(wing.prison_id) as session:
        await joint_reviews.open_due(session, wing.prison_id)
        review = (await session.scalars(everything(JointReview, wing.prison_id))).one()
        clock.forward(days=1)
        body = JointReviewHeld(
            support_worker_id=ids[0], clinician_id=ids[1], summary=SUMMARY, actions=2
        )
        await joint_reviews.hold(session, wing.clinician, review, body)
        for actor in both:
            await joint_reviews.sign(session, actor, review)
    wing.at()
    async with wing.db.write(wing.prison_id) as session:
        await joint_reviews.open_due(session, wing.prison_id)
