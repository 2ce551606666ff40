"""Adoptions: three different people put their names to the scheme before the site may recruit."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid, PartNotYours, SignedAlready, WithdrawnAlready
from app.models.adoptions import Adoption, AdoptionCreate, AdoptionPart
from app.models.base import Output
from app.models.staff import Role, Staff
from app.scope import everything, referred, visible
from app.services import outbox
from app.visibility import shape

# Who signs which part. A senior manager may have no account: a governor enters it.
SIGNS = {
    AdoptionPart.senior_manager: Role.governor,
    AdoptionPart.governor: Role.governor,
    AdoptionPart.mental_health_lead: Role.mental_health_lead,
}


async def sign(db: AsyncSession, actor: Actor, body: AdoptionCreate) -> Adoption:
    """Sign a part. Raises PartNotYours, and SignedAlready for whoever stands in another part, as
    its signer, as who entered it or by name. A part signed twice is refused by the database."""
    if actor.role is not SIGNS[body.part]:
        raise PartNotYours(f"This part is signed by a {SIGNS[body.part].value}.")
    now = clock.now()
    if body.signed_at is not None and body.signed_at > now:
        raise Invalid.field("signed_at", "in_the_future", "must not be in the future")
    assert actor.staff_id is not None, "staff have a row"
    await _one_at_a_time(db, actor.prison_id)
    own = await referred(db, Staff, actor.prison_id, actor.staff_id, "staff_id")
    await _three_people(db, body, own)
    adoption = Adoption(
        prison_id=actor.prison_id,
        part=body.part,
        staff_id=own.id,
        signed_by=actor.subject,
        named_person=body.named_person or own.name,
        signed_at=body.signed_at or now,
        scheme_version=body.scheme_version,
    )
    db.add(adoption)
    outbox.say(db, actor.prison_id, "adoption.signed", adoption.id, part=body.part.value)
    await db.flush()
    return adoption


async def _one_at_a_time(db: AsyncSession, prison_id: str) -> None:
    """Two parts signed by one person in one instant would each not see the other."""
    key = {"key": f"adoption {prison_id}"}
    await db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)


async def _three_people(db: AsyncSession, body: AdoptionCreate, own: Staff) -> None:
    """Whoever signs, and whoever is named, stands in no other part."""
    names = {_plainly(body.named_person or own.name), _plainly(own.name)}
    for other in await _live(db, own.prison_id):
        if other.part is body.part:
            continue
        if other.staff_id == own.id or _plainly(other.named_person) in names:
            raise SignedAlready(f"The same person stands in the part {other.part.value}.")


def _plainly(name: str) -> str:
    return " ".join(name.casefold().split())


async def _live(db: AsyncSession, prison_id: str) -> list[Adoption]:
    found = everything(Adoption, prison_id).where(col(Adoption.withdrawn_at).is_(None))
    return list((await db.execute(found.order_by(col(Adoption.signed_at)))).scalars())


async def withdraw(db: AsyncSession, actor: Actor, adoption: Adoption) -> None:
    """Take a part's word back: whoever may sign it may. Campaigns do not open until it is signed
    again; those that are open stay so. Raises PartNotYours or WithdrawnAlready."""
    if actor.role is not SIGNS[adoption.part]:
        raise PartNotYours(f"This part is withdrawn by a {SIGNS[adoption.part].value}.")
    if adoption.withdrawn_at is not None:
        raise WithdrawnAlready()
    adoption.withdrawn_at, adoption.withdrawn_by = clock.now(), actor.subject
    outbox.say(db, adoption.prison_id, "adoption.withdrawn", adoption.id, part=adoption.part.value)
    await db.flush()


async def missing(db: AsyncSession, prison_id: str) -> list[AdoptionPart]:
    """The parts that nobody has signed."""
    signed = {each.part for each in await _live(db, prison_id)}
    return [part for part in AdoptionPart if part not in signed]


async def state(db: AsyncSession, actor: Actor) -> Output:
    """How far the site has adopted the scheme."""
    found = visible(Adoption, actor).order_by(col(Adoption.signed_at), col(Adoption.id))
    rows = list((await db.execute(found)).scalars())
    part = shape("adoptions.part", actor.role)
    lacking = await missing(db, actor.prison_id)
    return shape("adoptions", actor.role).model_validate(
        {
            "complete": not lacking,
            "missing": lacking,
            "signed": [part.model_validate(each) for each in rows if each.withdrawn_at is None],
            "withdrawn": [part.model_validate(each) for each in rows if each.withdrawn_at],
        }
    )


def shown(adoption: Adoption, actor: Actor) -> Output:
    """One part's sign-off."""
    return shape("adoptions.part", actor.role).model_validate(adoption)
