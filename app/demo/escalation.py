"""How concerns reach people: the prison's own policy, who was woken and who was not, a shift that
changed hands, what stood on paper, and a man who was moved on."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock, worker
from app.access import Actor, the_system
from app.demo.wing import Wing
from app.integrations.notify import Fate, PageMessage
from app.models.addresses import Address, AddressCreate, AddressKind, ChannelKind
from app.models.concerns import (
    Concern,
    ConcernCreate,
    ConcernKind,
    ImmediacySaid,
    ReceivingSideCreate,
)
from app.models.deliveries import Delivery, DeliveryStatus
from app.models.duties import Duty, DutyCreate, Post
from app.models.escalation_policies import EscalationPolicyCreate, PolicyStatus
from app.models.handovers import AcceptanceCreate, DutyHandoverCreate
from app.models.mentees import Mentee, MenteeStatus
from app.scope import everything
from app.services import addresses, concerns, deliveries, duties, handovers, lifecycle
from app.services import escalation_policies as policies
from app.services.concerns import batch, leaving, work
from app.services.concerns import sweep as steps
from app.services.deliveries.moves import DELIVERY
from app.services.escalation import Immediacy
from app.services.escalation_policies.moves import POLICY
from app.services.ladders import Stricter, default_policy
from app.services.mentees.moves import MENTEE

KIND = ConcernKind.self_harm_or_suicide
NUMBERS = {"clinician": "07700900123", "support_worker": "07700900456"}
DOOR = "the lad behind the last door"
SAID = "He sits in the dark and sends his meals back."
PAPER = [
    {"key": "paper-1", "immediacy": "HIGH!!", "subject_as_told": "the new man in fourteen",
     "account": "Crying since noon."},
    {"key": "paper-2", "immediacy": "today", "subject_as_told": "lad behind the last door",
     "account": "Sits in the dark, sends his meals back."},
]  # fmt: skip


async def agreed(wing: Wing) -> None:
    """A policy that is stricter than the table of clocks, in force by the word of two."""
    wing.at(days=20)
    own = {Immediacy.this_session: Stricter(acknowledge_minutes=30, seen_minutes=120)}
    body = EscalationPolicyCreate(
        kind=KIND, policy=default_policy().model_copy(update={"clocks": own})
    )
    lead = wing.actors["mental_health_lead"]
    async with wing.db.write(wing.prison_id) as session:
        made = await policies.create(session, wing.clinician, body)
        for actor, to in ((lead, PolicyStatus.signed_off), (wing.governor, PolicyStatus.in_force)):
            await lifecycle.move(session, POLICY, made, to=to, actor=actor)


async def live(wing: Wing) -> int:
    """What happened in the last hour. Answers how many concerns came of it."""
    async with wing.db.write(wing.prison_id) as session:
        for name, number in NUMBERS.items():
            await _proven(session, wing.actors[name], number)
        body = ConcernCreate(kind=KIND, immediacy=ImmediacySaid.today, subject_as_told=DOOR,
                             account=SAID)  # fmt: skip
        raised, _ = await concerns.raise_concern(session, wing.officer, body)
        await steps.take(session, raised, clock.now())
    await worker.deliver(wing.db, wing.prison_id, _Silent(), channels={ChannelKind.sms})
    async with wing.db.write(wing.prison_id) as session:
        await _carried(session, wing)
    clock.forward(minutes=2)
    async with wing.db.write(wing.prison_id) as session:
        found = everything(Concern, wing.prison_id).where(col(Concern.id) == raised.id)
        again = (await session.scalars(found.with_for_update())).one()
        await work.acknowledge(session, wing.clinician, again, None)
        await _handed_over(session, wing)
        clock.forward(minutes=2)
        saved = await batch.raise_all(session, wing.support_worker, PAPER)
        moved = await _moved_on(session, wing)
    return 1 + saved.saved + moved


class _Silent:
    """A log that nobody reads while the wing is made."""

    async def send(self, page: PageMessage) -> None:
        return None


async def _proven(session: AsyncSession, who: Actor, number: str) -> None:
    body = AddressCreate(kind=AddressKind.sms, value=number)
    address = await addresses.create(session, who, body)
    await addresses.verify(session, who, address, addresses.code_of(address))
    await session.flush()


async def _carried(session: AsyncSession, wing: Wing) -> None:
    """What a provider made of every text: the support worker's page alone did not arrive."""
    waiting = everything(Delivery, wing.prison_id).where(
        col(Delivery.channel) == ChannelKind.sms, col(Delivery.status) == DeliveryStatus.pending
    )
    system = the_system(wing.prison_id)
    for each in (await session.scalars(waiting.order_by(col(Delivery.id)))).all():
        each.attempts += 1
        await lifecycle.move(session, DELIVERY, each, to=DeliveryStatus.sending, actor=system)
        await deliveries.carried(session, each, f"demo-{each.id}")
        arrived = each.notification_id is None or not await _is_of(session, wing, each)
        fate = Fate.arrived if arrived else Fate.not_arrived
        await deliveries.receipt(session, each, fate, f"demo-{each.id}")
        if each.notification_id is not None:
            lost = await deliveries.follow(session, wing.prison_id, each.notification_id)
            if lost is not None and lost.concern_id is not None:
                await steps.hasten(session, wing.prison_id, lost.concern_id, clock.now())


async def _is_of(session: AsyncSession, wing: Wing, delivery: Delivery) -> bool:
    """Whether it goes to the support worker."""
    mine = everything(Address, wing.prison_id).where(
        col(Address.id) == delivery.address_id, col(Address.staff_id) == id_of(wing.support_worker)
    )
    return (await session.scalars(mine)).first() is not None


async def _handed_over(session: AsyncSession, wing: Wing) -> None:
    """The clinician goes off; the nurse has what she had."""
    now, nurse = clock.now(), id_of(wing.nurse)
    on = DutyCreate(staff_id=nurse, post=Post.clinician, starts_at=now,
                    ends_at=now + timedelta(hours=10))  # fmt: skip
    await duties.create(session, wing.governor, on)
    found = everything(Duty, wing.prison_id).where(
        col(Duty.staff_id) == id_of(wing.clinician), col(Duty.post) == Post.clinician
    )
    duty = (await session.scalars(found)).one()
    notes = "Two on watch; the crisis team rings at ten."
    body = DutyHandoverCreate(duty_id=duty.id, to_staff_id=nurse, notes=notes)
    offered = await handovers.offer(session, wing.clinician, body)
    await session.flush()
    await handovers.accept(session, wing.nurse, offered, AcceptanceCreate())


def id_of(actor: Actor) -> UUID:
    """Who of the staff it is."""
    assert actor.staff_id is not None
    return actor.staff_id


async def _moved_on(session: AsyncSession, wing: Wing) -> int:
    """A man who was moved on in the middle, and who has it there."""
    waiting = everything(Mentee, wing.prison_id).where(col(Mentee.status) == MenteeStatus.waiting)
    mentee = (await session.scalars(waiting.order_by(col(Mentee.id).desc()).limit(1))).one()
    body = ConcernCreate(
        immediacy=ImmediacySaid.within_24h,
        subject_person_id=mentee.person_id,
        account="He asked to be kept company on the night before the van.",
    )
    raised, _ = await concerns.raise_concern(session, wing.support_worker, body)
    await work.acknowledge(session, wing.clinician, raised, None)
    to, by = MenteeStatus.transferred, wing.support_worker
    await lifecycle.move(session, MENTEE, mentee, to=to, actor=by)
    await leaving.ask(session, raised)
    there = ReceivingSideCreate(side="HMP Leicester, healthcare", received_by="Nurse Testwell")
    await leaving.receive(session, wing.clinician, raised, there)
    return 1
