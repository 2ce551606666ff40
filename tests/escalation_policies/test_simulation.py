"""What a simulation says is what the engine then does, and what is missing has a name."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlmodel import col

from app import clock, worker
from app.access import Actor
from app.channels import ChannelSettings
from app.config import Settings
from app.db import Database
from app.integrations.notify.configured import kinds
from app.models.addresses import Address, AddressKind, ChannelKind
from app.models.concerns import Concern, ConcernCreate, ConcernKind
from app.models.duties import Duty, Post
from app.models.escalation_policies import EscalationPolicy, PolicyStatus, SimulationCreate
from app.models.notifications import Notification
from app.models.prisons import Prison
from app.models.staff import Role, Staff, StaffRole
from app.runtime import open_database
from app.scope import everything
from app.services import concerns, deliveries
from app.services.escalation_policies import simulating
from app.services.ladders import HoursDay, Immediacy, Policy, Target
from tests.concerns.conftest import Night, night  # noqa: F401
from tests.escalation_policies.policies import policy, puts_in_force, step
from tests.story import Wing, new_prison_id

MONDAY = datetime(2026, 11, 30, 9, 0, 30, tzinfo=UTC)
WITHIN = timedelta(seconds=20)
PEOPLE = 8
MINUTES = st.integers(-600, 3000).map(lambda n: MONDAY.replace(second=0) + timedelta(minutes=n))


@st.composite
def ladders(draw: st.DrawFn, staff: Sequence[UUID], *, pair: bool) -> list[dict[str, Any]]:
    anyone = st.sampled_from([*Target, *staff[:2]])
    steps = draw(
        st.lists(
            st.tuples(st.lists(anyone, min_size=1, max_size=4), st.integers(1, 240)), max_size=3
        )
    )
    found = [step(*map(str, targets), after=after) for targets, after in steps]
    first = [step("orderly_officer", "clinician")] if pair else []
    return [*first, *found, step("last_resort", after=draw(st.integers(1, 240)))]


@st.composite
def policies(draw: st.DrawFn, staff: Sequence[UUID]) -> dict[str, Any]:
    each = {i: draw(ladders(staff, pair=i is Immediacy.now)) for i in Immediacy}
    own = policy(ladders=each, handover_every_minutes=draw(st.integers(1, 3)))
    if draw(st.booleans()):
        out = draw(st.sampled_from(Immediacy))
        hours = {day: {"from_time": "08:00", "to_time": "17:00"} for day in HoursDay}
        night_ladder = draw(ladders(staff, pair=out is Immediacy.now))
        own["out_of_hours"] = {"hours": hours, "ladders": {out: night_ladder}}
    if draw(st.booleans()):
        own["clocks"] = {"this_session": {"acknowledge_minutes": draw(st.integers(1, 60))}}
    return Policy.from_json(own).to_json()


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    ids = st.integers(1, 2**100).map(lambda number: UUID(int=number))
    staff = draw(st.lists(ids, min_size=PEOPLE, max_size=PEOPLE, unique=True))
    role = st.sampled_from(StaffRole)
    duty = st.tuples(st.sampled_from(staff), st.sampled_from(Post), MINUTES, st.integers(1, 1500))
    return {
        "staff": [(each, draw(role), draw(st.booleans())) for each in staff],
        "duties": draw(st.lists(duty, max_size=12)),
        "policy": draw(policies(staff)),
        "outside": draw(st.sampled_from([None, "desk@region.example"])),
        "kind": draw(st.sampled_from(ConcernKind)),
        "immediacy": draw(st.sampled_from(Immediacy)),
        "about": draw(st.none() | st.sampled_from(staff)),
        "handed_over": draw(st.booleans()),
    }


async def _peoples(db: Database, prison_id: str, world: dict[str, Any]) -> UUID:
    """The prison of the world, with its policy in force; answers the policy's id."""
    async with db.sessions() as session, session.begin():
        outside = world["outside"]
        session.add(Prison(id=prison_id, name="HMP Random", outside_last_resort=outside))
    async with db.write(prison_id) as session:
        for number, (staff_id, role, active) in enumerate(world["staff"]):
            who = {"subject": f"s{number}", "name": f"N. {number}", "role": role}
            session.add(Staff(prison_id=prison_id, id=staff_id, active=active, **who))
        await session.flush()
        for staff_id, post, starts, minutes in world["duties"]:
            ends = starts + timedelta(minutes=minutes)
            known = {"staff_id": staff_id, "post": post, "starts_at": starts, "ends_at": ends}
            session.add(Duty(prison_id=prison_id, **known))
        ids = [staff_id for staff_id, _, _ in world["staff"]]
        row = EscalationPolicy(
            prison_id=prison_id,
            kind=None,
            number=1,
            status=PolicyStatus.in_force,
            policy=world["policy"],
            drafted_by=ids[0],
            signed_off_by=ids[0],
            put_in_force_by=ids[1],
        )
        session.add(row)
        return row.id


def _at(instant: datetime) -> None:
    clock.set_offset(instant - clock.real_now())


async def _engine_does_as_simulated(db: Database, prison_id: str, world: dict[str, Any]) -> None:
    policy_id = await _peoples(db, prison_id, world)
    actor = Actor(prison_id, "s0", Role.governor, staff_id=world["staff"][0][0])
    _at(MONDAY)
    handed = {"to": "Officer Testwick", "at": clock.now()} if world["handed_over"] else None
    body = {"kind": world["kind"], "immediacy": world["immediacy"], "account": "Words."}
    body |= {"about_staff_id": world["about"], "subject_as_told": "the lad in the end cell"}
    async with db.write(prison_id) as session:
        raised, _ = await concerns.raise_concern(
            session, actor, ConcernCreate.model_validate(body | {"handover": handed})
        )
    async with db.write(prison_id) as session:
        row = await session.get_one(EscalationPolicy, (prison_id, policy_id))
        supposed = SimulationCreate(
            at=raised.raised_at,
            kind=world["kind"],
            immediacy=world["immediacy"],
            about_staff_id=world["about"],
            handed_over=world["handed_over"],
            steps=10,
        )
        found: Any = await simulating.simulate(session, db, actor, [], row, supposed)
    paged = set[UUID]()
    for each in found.steps:
        async with db.write(prison_id) as session:
            due = await session.get_one(Concern, (prison_id, raised.id))
        assert due.next_step_at is not None
        assert abs(due.next_step_at - each.at) < WITHIN
        _at(due.next_step_at)
        await worker.sweep(db, prison_id)
        async with db.write(prison_id) as session:
            pages = everything(Notification, prison_id).where(
                col(Notification.concern_id) == raised.id, col(Notification.id).not_in(paged)
            )
            fresh = (await session.scalars(pages)).all()
        paged |= {page.id for page in fresh}
        engine = sorted((str(page.staff_id), page.step, page.why) for page in fresh)
        said = sorted((str(page.staff_id), each.step, each.why) for page in each.pages)
        assert engine == said
    assert found.reaches_nobody is (found.steps[-1].pages == [])


def test_the_engine_does_what_the_simulation_says(settings: Settings) -> None:
    with asyncio.Runner() as runner:
        assert settings.database_url
        db = runner.run(open_database(settings, settings.database_url))

        @tried(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        @given(worlds())
        def as_simulated(world: dict[str, Any]) -> None:
            runner.run(_engine_does_as_simulated(db, new_prison_id(), world))

        try:
            as_simulated()
        finally:
            runner.run(db.close())


# What is missing has a name


async def simulates(wing: Wing, policy_id: str, **body: Any) -> Any:
    whole = {"at": clock.spell(clock.now()), "kind": "welfare", "immediacy": "now", **body}
    return await wing.governor.post(f"escalation-policies/{policy_id}/simulate", whole, 200)


async def test_step_by_step_it_says_who_would_be_paged_when(night: Night) -> None:  # noqa: F811
    made = await puts_in_force(night.wing, policy())
    at = clock.now()
    found = await simulates(night.wing, made["id"], at=clock.spell(at), steps=3)
    when = [datetime.fromisoformat(each["at"]) - at for each in found["steps"]]
    assert when == [timedelta(minutes=n) for n in (0, 5, 10)]
    first = {page["staff_id"] for page in found["steps"][0]["pages"]}
    assert first == {str(night.wing.officer.staff_id), str(night.wing.clinician.staff_id)}
    assert found["steps"][1]["pages"][-1]["name"] == night.wing.governor.subject.title()


async def test_without_a_handover_it_pages_again_at_three_minutes(night: Night) -> None:  # noqa: F811
    made = await puts_in_force(night.wing, policy())
    at = clock.now()
    told = await simulates(night.wing, made["id"], at=clock.spell(at), handed_over=False)
    assert datetime.fromisoformat(told["steps"][1]["at"]) - at == timedelta(minutes=3)


async def test_it_knows_who_is_on_duty_at_each_step(night: Night) -> None:  # noqa: F811
    wing = night.wing
    made = await puts_in_force(wing, policy())
    later = {
        "staff_id": str(wing.nurse.staff_id),
        "post": "clinician",
        "starts_at": clock.spell(clock.now() + timedelta(minutes=4)),
    }
    await wing.governor.post("duties", later)
    found = await simulates(wing, made["id"], steps=2)
    nurse = str(wing.nurse.staff_id)
    paged = [[page["staff_id"] for page in each["pages"]] for each in found["steps"]]
    assert nurse not in paged[0]
    assert nurse in paged[1]


async def test_nobody_on_duty_no_contact_and_no_address_are_named(wing: Wing) -> None:
    made = await puts_in_force(wing, policy())
    found = await simulates(wing, made["id"], steps=1)
    (only,) = found["steps"]
    gaps = {(each["target"], each["gap"]) for each in only["gaps"]}
    assert ("clinician", "nobody_on_duty") in gaps
    assert ("duty_governor", "nobody_on_duty") in gaps
    assert only["passed_over"] == 2
    assert {page["staff_id"] for page in only["pages"]} == {str(wing.governor.staff_id)}
    assert ("last_resort", "no_contact") in gaps
    assert only["wakes_nobody"]
    contact = {"contact": "bleep 12"}
    await wing.governor.patch(f"staff/{wing.governor.staff_id}", contact, 200)
    found = await simulates(wing, made["id"], steps=1)
    assert not found["steps"][0]["wakes_nobody"]


async def test_about_everyone_there_is_it_says_so(night: Night) -> None:  # noqa: F811
    wing = night.wing
    made = await puts_in_force(wing, policy())
    about = str(wing.clinician.staff_id)
    found = await simulates(wing, made["id"], about_staff_id=about, kind="misconduct", steps=2)
    first = found["steps"][0]
    assert {("clinician", "everyone_conflicted"), ("orderly_officer", "everyone_conflicted")} <= {
        (each["target"], each["gap"]) for each in first["gaps"]
    }
    paged = {page["staff_id"] for each in found["steps"] for page in each["pages"]}
    assert about not in paged
    assert str(wing.governor.staff_id) in paged


async def test_about_a_mentor_it_goes_past_their_supervisor(night: Night) -> None:  # noqa: F811
    wing = night.wing
    made = await puts_in_force(wing, policy())
    body = {"about_mentor_id": str(night.mentor.mentor_id), "immediacy": "this_session"}
    read = await wing.support_worker.get(f"mentors/{night.mentor.mentor_id}")
    assert read["supervisor_id"] == str(wing.support_worker.staff_id)
    for kind, kept in (("misconduct", True), ("welfare", False)):
        found = await simulates(wing, made["id"], kind=kind, **body)
        paged = {page["staff_id"] for each in found["steps"] for page in each["pages"]}
        assert (read["supervisor_id"] not in paged) is kept


async def test_one_person_at_two_posts_is_no_double_cover(night: Night) -> None:  # noqa: F811
    wing = night.wing
    made = await puts_in_force(wing, policy())
    assert (await simulates(wing, made["id"]))["double_cover"] == []
    twice = {
        "staff_id": str(wing.clinician.staff_id),
        "post": "support_worker",
        "starts_at": clock.spell(clock.now() - timedelta(hours=1)),
    }
    await wing.governor.post("duties", twice)
    (warned,) = (await simulates(wing, made["id"]))["double_cover"]
    assert warned["staff_id"] == str(wing.clinician.staff_id)
    assert warned["posts"] == ["clinician", "support_worker"]
    assert warned["elsewhere"] == []


async def test_one_person_in_two_prisons_is_told_to_who_may_read_both(
    night: Night,  # noqa: F811
) -> None:
    wing = night.wing
    made = await puts_in_force(wing, policy())
    other = "YZ" + wing.prison_id[2]
    subjects = {wing.clinician.subject: "clinician", wing.governor.subject: "governor"}
    async with wing.db.sessions() as session, session.begin():
        session.add(Prison(id=other, name="HMP Other"))
    async with wing.db.write(other) as session:
        rows = [
            Staff(prison_id=other, subject=s, name=s, role=StaffRole(r))
            for s, r in subjects.items()
        ]
        session.add_all(rows)
        await session.flush()
        known = {"post": Post.clinician, "starts_at": clock.now() - timedelta(hours=1)}
        session.add(Duty(prison_id=other, staff_id=rows[0].id, **known))
    assert (await simulates(wing, made["id"]))["double_cover"] == []
    both = [wing.prison_id, other]
    wing.governor.token = wing.issuer.issue(wing.governor.subject, ["governor"], both)
    (warned,) = (await simulates(wing, made["id"]))["double_cover"]
    assert warned["elsewhere"] == [other]
    assert warned["staff_id"] == str(wing.clinician.staff_id)


async def test_a_simulation_saves_nothing_and_pages_nobody(night: Night) -> None:  # noqa: F811
    made = await puts_in_force(night.wing, policy())
    await simulates(night.wing, made["id"])
    await night.sweep()
    async with night.wing.db.write(night.wing.prison_id) as db:
        for model in (Concern, Notification):
            rows = select(func.count()).select_from(
                everything(model, night.wing.prison_id).subquery()
            )
            assert await db.scalar(rows) == 0


async def test_whom_it_is_about_must_be_known(wing: Wing) -> None:
    made = await puts_in_force(wing, policy())
    body = {"at": clock.spell(clock.now()), "kind": "welfare", "immediacy": "now"}
    for field in ("about_staff_id", "about_mentor_id"):
        refused = await wing.governor.post(
            f"escalation-policies/{made['id']}/simulate",
            body | {field: "0198c0de-0000-7000-8000-000000000001"},
            422,
        )
        assert refused["errors"][0]["field"] == field


async def test_where_the_site_has_channels_only_a_proven_address_wakes(wing: Wing) -> None:
    mail = kinds(ChannelSettings(smtp_host="mail.example", smtp_from="wellwing@example.org"))
    assert mail == {ChannelKind.email}
    known = {"kind": AddressKind.email, "value": "g@example.org", "code_until": clock.now()}
    ids = {"prison_id": wing.prison_id, "staff_id": wing.governor.staff_id}
    async with wing.db.write(wing.prison_id) as db:
        prison = await db.get_one(Prison, wing.prison_id)
        prison.outside_last_resort = "x 4040"
        staff = await db.get_one(Staff, (wing.prison_id, wing.governor.staff_id))
        staff.contact = "bleep 12"
        address = Address(**ids, **known)
        db.add(address)
        await db.flush()
        found = [await deliveries.woken(db, prison, [staff], which) for which in ((), mail)]
        address.verified_at = clock.now()
        prison.outside_last_resort = "region@example.org"
        await db.flush()
        found.append(await deliveries.woken(db, prison, [staff], mail))
    assert found == [{staff.id, "x 4040"}, set(), {staff.id, "region@example.org"}]


async def test_about_a_mentor_who_has_left_it_goes_past_nobody(night: Night) -> None:  # noqa: F811
    wing = night.wing
    made = await puts_in_force(wing, policy())
    mentor = night.mentor.mentor_id
    read = await wing.support_worker.get(f"mentors/{mentor}")
    await wing.support_worker.move(f"mentors/{mentor}", "stepped_down", reason="own_wish")
    body = {"about_mentor_id": str(mentor), "immediacy": "this_session", "kind": "misconduct"}
    found = await simulates(wing, made["id"], **body)
    paged = {page["staff_id"] for each in found["steps"] for page in each["pages"]}
    assert read["supervisor_id"] in paged
