"""Addresses of staff: proven by a code, used as their owner says, within the floor that
`deliveries/routing.py` keeps for what is about somebody's safety."""

import hmac
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.config import settings
from app.errors import AddressNotYours, Conflicting, Invalid
from app.models.addresses import (
    CODE_TRIES,
    Address,
    AddressCreate,
    AddressKind,
    AddressRead,
    AddressUpdate,
)
from app.models.base import Output, new_id
from app.models.deliveries import Delivery
from app.models.staff import Staff
from app.scope import everything
from app.services import lifecycle, outbox
from app.services.deliveries.moves import DELIVERY
from app.services.deliveries.routing import digits, lines_of, looks_like
from app.visibility import shape

CODE_COUNTS_FOR = timedelta(minutes=30)
LETTER_COUNTS_FOR = timedelta(days=21)
_KNOWN = {
    AddressKind.email: "an e-mail address",
    AddressKind.sms: "a telephone number",
    AddressKind.letter: "three to seven lines parted by commas, the last a postcode",
}
MOST_ADDRESSES = 6
MOST_IN_A_DAY = 12  # codes cost money, and come to whoever has the number
MOST_CODES = 5


def code_of(address: Address) -> str:
    """The six digits that prove the address. They are worked out of the service's key, and so are
    kept nowhere."""
    words = f"address:{address.prison_id}:{address.id}:{address.code_number}".encode()
    key = settings().secret_key.get_secret_value().encode()
    number = int.from_bytes(hmac.digest(key, words, "sha256")[:8], "big")
    return f"{number % 1_000_000:06}"


def words_with_code(address: Address) -> str:
    """What is sent to the address to prove it."""
    return f"{address.prison_id}: {code_of(address)} is the code for this address."


async def create(db: AsyncSession, actor: Actor, body: AddressCreate) -> Address:
    """Add an address of one's own, and send a code there. Raises Invalid for what is none."""
    assert actor.staff_id is not None, "only staff have addresses"
    value = _value(body)
    await _not_too_many(db, actor)
    address = Address(
        id=new_id(),
        prison_id=actor.prison_id,
        staff_id=actor.staff_id,
        kind=body.kind,
        value=value,
        code_until=clock.now(),
    )
    db.add(address)
    outbox.say(db, address.prison_id, "address.added", address.id, kind=address.kind)
    await db.flush()
    await _send_code(db, address)
    return address


def _value(body: AddressCreate) -> str:
    """The address as it is kept. Raises Invalid for what is none."""
    if body.kind is AddressKind.letter:
        value, fits = lines_of(body.value) or "", bool(lines_of(body.value))
    else:
        value = digits(body.value) if body.kind is AddressKind.sms else body.value
        fits = looks_like(value) is body.kind
    if not fits:
        raise Invalid.field("value", "value", f"must be {_KNOWN[body.kind]}")
    return value


async def _not_too_many(db: AsyncSession, actor: Actor) -> None:
    mine = everything(Address, actor.prison_id).where(col(Address.staff_id) == actor.staff_id)
    rows = (await db.scalars(mine)).all()
    lately = [each for each in rows if each.recorded_at > clock.now() - timedelta(days=1)]
    standing = [each for each in rows if each.ended_at is None]
    if len(standing) >= MOST_ADDRESSES or len(lately) >= MOST_IN_A_DAY:
        raise Conflicting(
            f"One has at most {MOST_ADDRESSES} addresses, and adds at most {MOST_IN_A_DAY} a day."
        )


async def send_code(db: AsyncSession, actor: Actor, address: Address) -> None:
    """Send another code: the one before counts no more."""
    _may_use(actor, address)
    if address.verified_at is not None:
        raise Conflicting("The address is proven already.")
    if address.code_number >= MOST_CODES:
        raise Conflicting(f"At most {MOST_CODES} codes are sent: end the address, and add it anew.")
    await _send_code(db, address)


async def _send_code(db: AsyncSession, address: Address) -> None:
    address.code_number += 1
    by_post = address.kind is AddressKind.letter
    address.code_until = clock.now() + (LETTER_COUNTS_FOR if by_post else CODE_COUNTS_FOR)
    address.tries_left = CODE_TRIES
    delivery = Delivery(
        prison_id=address.prison_id,
        address_id=address.id,
        channel=address.kind.channel,
        next_attempt_at=clock.real_now(),
    )
    await lifecycle.begin(db, DELIVERY, delivery, the_system(address.prison_id))


async def verify(db: AsyncSession, actor: Actor, address: Address, code: str) -> None:
    """Prove the address by the code that came to it. A wrong one costs a try, which is written
    down: it raises nothing. Raises Conflicting where no code counts."""
    _may_use(actor, address)
    if address.verified_at is not None:
        return
    if address.tries_left < 1 or clock.now() >= address.code_until:
        raise Conflicting("The code counts no more: ask for another.")
    if hmac.compare_digest(code_of(address), code):
        address.verified_at = clock.now()
        outbox.say(db, address.prison_id, "address.verified", address.id, kind=address.kind)
    else:
        address.tries_left -= 1
    await db.flush()


async def update(db: AsyncSession, actor: Actor, address: Address, body: AddressUpdate) -> None:
    """Say what an address of one's own is used for."""
    _may_use(actor, address)
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(address, name, value)
    await db.flush()


async def end(db: AsyncSession, actor: Actor, address: Address) -> None:
    """End an address: its owner's to do, or a governor's. Raises Conflicting where it has."""
    if address.ended_at is not None:
        raise Conflicting("The address has ended already.")
    _end(db, address, actor.subject)
    await db.flush()


async def end_all(db: AsyncSession, staff: Staff, by: str) -> None:
    """End every address of somebody who stops working here."""
    standing = everything(Address, staff.prison_id).where(
        col(Address.staff_id) == staff.id, col(Address.ended_at).is_(None)
    )
    for address in (await db.scalars(standing.with_for_update())).all():
        _end(db, address, by)


def _end(db: AsyncSession, address: Address, by: str) -> None:
    address.ended_at, address.ended_by = clock.now(), by
    outbox.say(db, address.prison_id, "address.ended", address.id, kind=address.kind)


def _may_use(actor: Actor, address: Address) -> None:
    """AddressNotYours for anybody but its owner, Conflicting once it has ended."""
    if address.staff_id != actor.staff_id:
        raise AddressNotYours()
    if address.ended_at is not None:
        raise Conflicting("The address has ended.")


def shown(address: Address, actor: Actor) -> Output:
    """The address as this actor sees it: where it is, its owner alone."""
    own = address.staff_id == actor.staff_id
    found = AddressRead if own else shape("addresses", actor.role)
    return found.model_validate(address)
