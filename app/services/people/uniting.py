"""What one person can have only one of: of two live ones the one ends, and the other goes on.

Called before everything else of the removed number is made to name the kept one.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from app import clock
from app.access import the_system
from app.models.acct_pointers import AcctPointer, AcctStatus
from app.models.caseloads import Caseload, CaseloadEnd
from app.models.deaths import Death, DeathStatus
from app.models.legal_holds import HoldStatus, LegalHold
from app.models.people import Person
from app.models.permissions import PermissionStatus, SharingPermission
from app.models.safety_plans import SafetyItem, SafetyPlan
from app.models.wing_places import WING_PLACE_ENDED, WingPlace, WingPlaceEnd
from app.scope import everything
from app.services import lifecycle, outbox, permissions, wing_places
from app.services.acct_pointers import ACCT_POINTER
from app.services.legal_holds import LEGAL_HOLD
from app.services.people import surviving
from app.services.people.deaths import DEATH
from app.services.people.surviving import stays

T = TypeVar("T", bound=SQLModel)
Ended = list[SQLModel]
MERGED = "merged"


async def live_of(db: AsyncSession, model: type[T], person: Person, *live: Any) -> Sequence[T]:
    """The person's rows that are live, locked, the oldest first."""
    found = everything(model, person.prison_id).where(model.person_id == person.id, *live)  # type: ignore[attr-defined]
    rows = await db.execute(found.order_by(model.id).with_for_update())  # type: ignore[attr-defined]
    return rows.scalars().all()


async def places(db: AsyncSession, kept: Person, gone: Person) -> Ended:
    """The place that is further on stays, with the earlier request's turn."""
    live = col(WingPlace.status).not_in(WING_PLACE_ENDED)
    ended: Ended = []
    for mine in await live_of(db, WingPlace, kept, live):
        for theirs in await live_of(db, WingPlace, gone, live):
            first, last = stays(mine, theirs, surviving.place_key)
            if first.wing_id == last.wing_id:
                first.requested_at = min(first.requested_at, last.requested_at)
            await wing_places.end(db, last, WingPlaceEnd.merged)
            ended.append(last)
    return ended


async def caseloads(db: AsyncSession, kept: Person, gone: Person) -> Ended:
    """One clinician has a patient once: since the earlier day."""
    ended: Ended = []
    for mine in await live_of(db, Caseload, kept, col(Caseload.ended_at).is_(None)):
        for theirs in await live_of(db, Caseload, gone, col(Caseload.ended_at).is_(None)):
            if mine.staff_id == theirs.staff_id:
                _, last = stays(mine, theirs, surviving.older)
                last.ended_at, last.ended_reason = clock.now(), CaseloadEnd.merged
                outbox.say(db, last.prison_id, "caseload.ended", last.id, reason=MERGED)
                ended.append(last)
    return ended


async def accts(db: AsyncSession, kept: Person, gone: Person) -> Ended:
    """An open ACCT stays before one that is closed already."""
    live, ended = col(AcctPointer.status) != AcctStatus.closed, Ended()
    for mine in await live_of(db, AcctPointer, kept, live):
        for theirs in await live_of(db, AcctPointer, gone, live):
            _, last = stays(mine, theirs, surviving.acct_key)
            system = the_system(last.prison_id)
            ways = [AcctStatus.post_closure, AcctStatus.closed]
            for to in ways[ways.index(last.status) + 1 :] if last.status in ways else ways:
                await lifecycle.move(db, ACCT_POINTER, last, to=to, actor=system, reason=MERGED)
            ended.append(last)
    return ended


async def plans(db: AsyncSession, kept: Person, gone: Person) -> Ended:
    """The older plan stays, with the items of both."""
    live, ended = col(SafetyPlan.ended_at).is_(None), Ended()
    for mine in await live_of(db, SafetyPlan, kept, live):
        for theirs in await live_of(db, SafetyPlan, gone, live):
            first, last = stays(mine, theirs, surviving.older)
            items = everything(SafetyItem, last.prison_id).where(col(SafetyItem.plan_id) == last.id)
            for item in (await db.execute(items.with_for_update())).scalars():
                item.plan_id = first.id
            first.review_on = min(first.review_on, last.review_on)
            first.changed_at = last.ended_at = clock.now()
            outbox.say(db, last.prison_id, "safety_plan.ended", last.id, reason=MERGED)
            ended.append(last)
    return ended


async def holds(db: AsyncSession, kept: Person, gone: Person) -> Ended:
    """Of two holds for one reason the one that nobody asks to lift stays."""
    live, ended = col(LegalHold.status) != HoldStatus.lifted, Ended()
    for mine in await live_of(db, LegalHold, kept, live):
        for theirs in await live_of(db, LegalHold, gone, live):
            if mine.reason is theirs.reason:
                _, last = stays(mine, theirs, surviving.hold_key)
                to, system = HoldStatus.lifted, the_system(last.prison_id)
                await lifecycle.move(db, LEGAL_HOLD, last, to=to, actor=system, reason=MERGED)
                ended.append(last)
    return ended


async def deaths(db: AsyncSession, kept: Person, gone: Person) -> Ended:
    """Of two reports of one death the earlier stands."""
    live, ended = col(Death.status) == DeathStatus.reported, Ended()
    for mine in await live_of(db, Death, kept, live):
        for theirs in await live_of(db, Death, gone, live):
            _, last = stays(mine, theirs, surviving.older)
            to, system = DeathStatus.corrected, the_system(last.prison_id)
            await lifecycle.move(db, DEATH, last, to=to, actor=system, reason=MERGED)
            ended.append(last)
    return ended


async def last_words(db: AsyncSession, kept: Person, gone: Person) -> Ended:
    """A permission that was given to one number, and taken back later under the other, is taken
    back: the person's last word counts."""
    every = [
        *await live_of(db, SharingPermission, kept),
        *await live_of(db, SharingPermission, gone),
    ]
    # Judged before any is taken back: what is taken back here is no word of the person's.
    overtaken: Ended = [
        given
        for given in every
        if given.status is PermissionStatus.given and any(_took_back(each, given) for each in every)
    ]
    to, reason = PermissionStatus.revoked, permissions.REVOKE_REASONS[0]
    for given in overtaken:
        system = the_system(kept.prison_id)
        await lifecycle.move(db, permissions.PERMISSION, given, to=to, actor=system, reason=reason)
    return overtaken


def _took_back(later: SharingPermission, given: SharingPermission) -> bool:
    """Whether the same was taken back under the other number after it was given under this one."""
    return (
        (later.recipient, later.purpose) == (given.recipient, given.purpose)
        and later.person_id != given.person_id
        and later.revoked_at is not None
        and later.revoked_at > given.given_at
    )


ONE_OF_EACH: tuple[Callable[[AsyncSession, Person, Person], Awaitable[Ended]], ...] = (
    places,
    caseloads,
    accts,
    plans,
    holds,
    deaths,
    last_words,
)
