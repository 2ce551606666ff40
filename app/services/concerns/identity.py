"""Whom a concern turned out to be about, and which others are about the same."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid
from app.models.concerns import Concern, ConcernStatus, SubjectPut
from app.models.people import Person
from app.scope import referred, visible
from app.services import escalation, lifecycle
from app.services.concerns import actions, answered, debriefs, leaving
from app.services.concerns.clocks import keep, state_of, zone_of
from app.services.concerns.moves import CONCERN
from app.services.concerns.routing import (
    READ_BY_CLINICIANS,
    duplicates_of,
    keep_alike,
    may_change,
    route,
)
from app.services.concerns.work import may_decide, still_open


async def resolve_subject(
    db: AsyncSession, actor: Actor, concern: Concern, body: SubjectPut
) -> None:
    """Say whom it turned out to be about; what was said of them stays. It is routed anew, and goes
    on at once where those who were paged may no longer see it, or where somebody else was meant:
    that another was seen, and what was decided of them, answers nothing."""
    still_open(concern)
    may_decide(concern, actor)
    person = await referred(
        db, Person, concern.prison_id, body.subject_person_id, "subject_person_id"
    )
    was_routed = concern.routed
    if person.id != concern.subject_person_id:
        await leaving.forget(db, concern)
        if concern.subject_person_id is not None:
            answered.forget(concern)
            concern.step, concern.next_step_at = 0, clock.now()
    concern.subject_person_id = person.id
    await route(db, concern, await duplicates_of(db, concern))
    await keep_alike(db, concern)
    if concern.routed and not was_routed:
        concern.accepted_on_duty_at = concern.accepted_by_staff_id = None  # others must take it up
        concern.step, concern.next_step_at = 0, clock.now()
    await lifecycle.mark(db, CONCERN, concern, actor, "subject_resolved")
    await db.flush()


async def lock_both(db: AsyncSession, actor: Actor, concern: Concern, survivor_id: UUID) -> Concern:
    """Lock a duplicate and the concern that stays, which is answered. In the order of their ids:
    two people who merge them crosswise wait for each other, and do not deadlock."""
    pair = visible(Concern, actor).where(col(Concern.id).in_([concern.id, survivor_id]))
    locked = pair.order_by(col(Concern.id)).with_for_update()
    fresh = locked.execution_options(populate_existing=True)
    found = {each.id: each for each in (await db.execute(fresh)).scalars()}
    survivor = found.get(survivor_id)
    if survivor is None or survivor is concern:
        raise Invalid.field("survivor_id", "unknown", "must be another concern that you may see")
    for each in found.values():
        may_change(each, actor)
    return survivor


async def merge(db: AsyncSession, actor: Actor, concern: Concern, survivor: Concern) -> None:
    """Merge a duplicate into the concern that stays, which keeps the strictest of both clocks, and
    of what was done what came after both. Both are locked.

    Only of the same routing: else it would become known to whom it is about, or leave their
    managers. Never of two people, each of whom is to be seen; whom one of both names, both are
    about.
    """
    for each in (concern, survivor):
        may_decide(each, actor)
        still_open(each)
    _hold_alike_routed(survivor, concern)
    people = {survivor.subject_person_id, concern.subject_person_id} - {None}
    if len(people) > 1:
        message = "is about somebody else: each of them is to be seen"
        raise Invalid.field("survivor_id", "another_person", message)
    for each in (survivor, concern):
        if people and each.subject_person_id is None:
            [each.subject_person_id] = people
            await route(db, each, await duplicates_of(db, each))
    _hold_alike_routed(survivor, concern)
    answered.leave_only_what_came_after(survivor, concern)
    zone = await zone_of(db, concern.prison_id)
    together = escalation.merged(state_of(survivor, zone), state_of(concern, zone), clock.now())
    keep(survivor, together)
    await debriefs.owe(db, survivor)
    # Closing it takes an ACCT decision from now on, and a lowering proposed before is void.
    survivor.mentions_self_harm = survivor.mentions_self_harm or concern.mentions_self_harm
    survivor.lower_to = survivor.lower_by = survivor.lower_reason = None
    concern.merged_into = survivor.id
    if concern.receipt_owed and survivor.subject_left_at is None:
        await leaving.ask(db, survivor)
    await leaving.forget(db, concern)
    await actions.carry_over(db, concern, survivor)
    await lifecycle.mark(db, CONCERN, survivor, actor, "duplicate_merged", note=concern.reference)
    await lifecycle.move(db, CONCERN, concern, to=ConcernStatus.merged_duplicate, actor=actor)
    await keep_alike(db, survivor)


def _hold_alike_routed(survivor: Concern, concern: Concern) -> None:
    if _routing(survivor) != _routing(concern):
        message = "must be about the same member of staff, or likewise about a mentor's conduct"
        raise Invalid.field("survivor_id", "routed_otherwise", message)


def _routing(concern: Concern) -> tuple[object, ...]:
    """What decides who may see a concern (see `scope`)."""
    by_kind = concern.kind in READ_BY_CLINICIANS if concern.routed else None
    about = (concern.about_mentor, concern.about_line_id)
    return *about, concern.about_staff_id, concern.about_staff_as_told, by_kind
