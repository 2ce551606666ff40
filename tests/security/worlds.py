"""Small worlds for the oracle: prisons full of rows in every state, made from a number.

Rows are plain objects with plain values; what a table asks for beyond them is filled in with the
smallest that its constraints allow.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, pairwise, product
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range

from app.access import Actor
from app.db import Database
from app.models.base import metadata, new_id
from app.models.campaigns import CampaignStatus
from app.models.clients import ClientScope
from app.models.complaints import ComplaintAbout, ComplaintStatus
from app.models.concerns import ConcernKind, ConcernStatus
from app.models.contact_requests import ContactStatus
from app.models.goals import GoalStatus
from app.models.mentees import MENTEE_ENDED, MenteeStatus
from app.models.mentors import MENTOR_ENDED, MentorStatus
from app.models.permissions import PermissionStatus, Purpose, Recipient
from app.models.prisons import Prison
from app.models.sessions import ParticipationStatus, SessionStatus
from app.models.shifts import ShiftStatus
from app.models.staff import Role, StaffRole
from app.models.tasks import TaskSource
from app.services.escalation import Immediacy
from app.services.tasks import SOURCES
from tests.house.rows import smallest

_numbers = count()
DISCLOSURES = ["ordinary", "third_party", "serious_harm_test", "restricted"]
HOUR = timedelta(hours=1)
LIKELY = [*[MentorStatus.active] * 8, *[MentorStatus.paused, MentorStatus.suspended] * 3]


@dataclass
class World:
    """One prison: its rows by table, and everyone who may ask."""

    prison_id: str
    now: datetime
    random: Random
    tables: dict[str, list[Any]] = field(default_factory=dict)

    def rows(self, table: str) -> list[Any]:
        return self.tables.get(table, [])

    def add(self, table: str, **fields: Any) -> Any:
        """A row of a table; `fields` over the smallest row there can be."""
        columns = metadata.tables[table]
        absent = {column.name: None for column in columns.columns if column.nullable}
        rest = {**absent, **smallest(columns, self.prison_id, {})}
        row = SimpleNamespace(**{**rest, "id": new_id(), **fields})
        self.tables.setdefault(table, []).append(row)
        return row

    def pick(self, table: str) -> Any:
        return self.random.choice(self.rows(table))

    def some(self, options: Any) -> Any:
        return self.random.choice(sorted(options) if isinstance(options, frozenset) else [*options])

    def maybe(self, value: Any, chance: float = 0.5) -> Any:
        return value if self.random.random() < chance else None

    def around(self, hours: float) -> datetime:
        """Some time up to that many hours before or after now, never too close to it."""
        away = self.random.uniform(0.2, hours)
        return self.now + self.random.choice([-1, 1]) * away * HOUR

    def before(self, hours: float) -> datetime:
        """Some time up to that many hours ago."""
        return self.now - self.random.uniform(0.2, hours) * HOUR

    def actors(self) -> list[Actor]:
        """Staff in their roles, prisoners as what they are to the scheme, a machine."""
        staff = [
            Actor(self.prison_id, each.subject, Role(each.role), staff_id=each.id)
            for each in self.rows("staff")
        ]
        prisoners = [self._prisoner(each) for each in self.rows("person")]
        scopes = frozenset(ClientScope)
        machine = Actor(self.prison_id, "dashboard", Role.machine, scopes=scopes)
        return [*staff, *prisoners, machine]

    def _prisoner(self, person: Any) -> Actor:
        mine = [each for each in self.rows("mentor") if each.person_id == person.id]
        mine = [each for each in mine if each.status != "merged"]
        last = max(mine, key=lambda each: each.recorded_at, default=None)
        working = {"approved_conditionally", "shadowing", "ready_for_sign_off", "active", "paused"}
        status = last.status if last else None
        role = Role.mentor if status in working else Role.applicant
        role = Role.suspended_mentor if status == "suspended" else role
        mentor_id = last.id if last else None
        subject = f"prisoner-{person.id}"
        return Actor(self.prison_id, subject, role, person_id=person.id, mentor_id=mentor_id)


def make(seed: int, prison_id: str, now: datetime) -> World:
    """The world with this number."""
    world = World(prison_id, now, Random(seed))
    _place(world)
    _webhooks(world)
    _people(world)
    _courses(world)
    _support(world)
    _matching(world)
    _rota(world)
    _sessions(world)
    _contact(world)
    _series(world)
    _concerns(world)
    _lockdowns(world)
    _voices(world)
    _clinical(world)
    _programme(world)
    _house(world)
    return world


def _rota(world: World) -> None:
    """Shifts in every state, of anybody, past and to come; some superseded."""
    world.add("escalation_policy", drafted_by=world.pick("staff").id)
    world.add("rota_demand", recorded_by=world.pick("staff").id)
    rota = world.add("rota", made_by=world.pick("staff").id)
    world.add("rota_solve", rota_id=rota.id)
    for mentor in world.rows("mentor"):
        world.add("availability", mentor_id=mentor.id, recorded_by=None)
    alone = [mentor for mentor in world.rows("mentor")]
    for number, status in enumerate([*ShiftStatus, *ShiftStatus]):
        begins = world.around(40) + number * 100 * HOUR * world.random.choice([-1, 1])
        empty = status in {ShiftStatus.uncovered, ShiftStatus.cancelled_regime}
        world.add(
            "shift",
            rota_id=rota.id,
            mentor_id=None if empty else world.random.choice(alone).id,
            status=status.value,
            starts_at=begins,
            ends_at=begins + HOUR,
            superseded_at=world.maybe(world.now, 0.2),
        )


def _contact(world: World) -> None:
    """One request of each mentee, in every state, put to one mentor or another."""
    alone = list(world.rows("mentor"))
    states = [*ContactStatus, *ContactStatus]
    for mentee, status in zip(world.rows("mentee"), states, strict=False):
        with_one = status in {"offered", "accepted", "under_way", "ended"}
        met = status in {"under_way", "ended"}
        mentor = world.random.choice(alone)
        request = world.add(
            "contact_request",
            mentee_id=mentee.id,
            status=status.value,
            mentor_id=mentor.id if with_one else None,
            session_id=world.pick("session").id if status == "ended" else None,
            authorised_by=world.pick("staff").id if met else None,
            started_at=world.now if met else None,
            room_id=None,
        )
        world.add("contact_offer", contact_request_id=request.id, mentor_id=mentor.id)


def _place(world: World) -> None:
    wing = world.add("wing", code="D")
    world.add("room", wing_id=wing.id)
    for role in [*StaffRole, StaffRole.clinician, StaffRole.governor, StaffRole.support_worker]:
        staff = world.add("staff", subject=f"{role}-{new_id()}", role=role.value, active=True)
        if world.random.random() < 0.5:
            begins = world.around(9)
            weekly = {"weekdays": [1], "every_weeks": 2, "last_day": None, "ended_at": None}
            pattern = world.add("duty_pattern", staff_id=staff.id, recorded_by=staff.id, **weekly)
            of_it = {"pattern_id": pattern.id, "pattern_day": pattern.first_day}
            duty = world.add("duty", staff_id=staff.id, starts_at=begins, **of_it)
            part = {"staff_id": staff.id, "recorded_by": staff.id}
            ends = begins + HOUR
            other = world.random.choice(world.rows("staff"))
            if other.id != staff.id:
                two = {"from_staff_id": staff.id, "to_staff_id": other.id}
                world.add("handover", duty_id=duty.id, accepted_at=None, **two)
            world.add("duty_override", duty_id=duty.id, starts_at=begins, ends_at=ends, **part)
        ticket = {"subject": staff.subject, "secret_digest": new_id().bytes * 2}
        world.add("stream_ticket", staff_id=staff.id, role=role.value, **ticket)
        feed = {"kind": "led", "room_id": None, "wing_id": None}
        own = {"value": f"{staff.id}@prison.example", "ordinary_from": None, "ordinary_until": None}
        world.add("address", staff_id=staff.id, **own)
        world.add("calendar_feed", staff_id=staff.id, secret_digest=new_id().bytes * 2, **feed)


def _webhooks(world: World) -> None:
    for client in ("dashboard", "another"):
        none = {"release_id": None, "identifiable": False, "failure": None}
        world.add("export_job", subject=client, **none)
    world.add("page_test", last_resort="outside", staff_id=None, address="02079460000")
    told = world.add("webhook", topics=["shift"], active=True, ended_for=None)
    world.add("webhook_delivery", webhook_id=told.id, event_id=new_id(), tries=[])


def _people(world: World) -> None:
    for _ in range(8):
        number = f"B{next(_numbers):04}{chr(65 + world.random.randrange(26))}Z"
        identity = SimpleNamespace(id=new_id(), numbers=[number])
        world.tables.setdefault("person_identity", []).append(identity)
        presence = world.some(["here", "here", "here", "away", "left"])
        world.add("person", identity_id=identity.id, number=number, presence=presence)
    for status in CampaignStatus:
        world.add("campaign", status=status.value)
    world.add("adoption", staff_id=world.pick("staff").id, withdrawn_at=None)
    people = world.rows("person")
    for person in people[:5]:
        if world.random.random() < 0.3:
            _mentor(world, person, world.some(MENTOR_ENDED), world.now - 90 * 24 * HOUR)
        likely = (
            [MentorStatus.active] * 8 + [MentorStatus.paused] * 3 + [MentorStatus.suspended] * 3
        )
        _mentor(world, person, world.some([*MentorStatus, *likely]), world.now)
    for person in people[2:]:
        if world.random.random() < 0.3:
            ended = world.some(MENTEE_ENDED).value
            _into_itself(world.add("mentee", person_id=person.id, status=ended))
        status = world.some([*MenteeStatus, *[MenteeStatus.engaged] * 8])
        _into_itself(world.add("mentee", person_id=person.id, status=status.value))


def _into_itself(episode: Any) -> None:
    """Whichever it was merged into: nobody's sight depends on it."""
    if episode.status == "merged":
        episode.merged_into = episode.id


def _mentor(world: World, person: Any, status: MentorStatus, at: datetime) -> None:
    mentor = world.add("mentor", person_id=person.id, status=status.value, recorded_at=at)
    _into_itself(mentor)
    world.add("training", mentor_id=mentor.id)
    _application(world, mentor)
    for status in ("held", "scheduled"):
        held_at = at if status == "held" else None
        supervision = world.add("supervision", mentor_id=mentor.id, status=status, held_at=held_at)
        _versions(world, "supervision", supervision)
    world.add("check_in", mentor_id=mentor.id, staff_id=world.pick("staff").id)
    world.add("clearance", mentor_id=mentor.id)
    others = [each for each in world.rows("mentor") if each is not mentor]
    if others:
        other = world.some(others)
        observed = world.add("observation", mentor_id=mentor.id, observed_mentor_id=other.id)
        for host, ended in ((other, False), (world.some(others), True)):
            if world.random.random() < 0.7:
                world.add(
                    "placement",
                    mentor_id=mentor.id,
                    host_id=host.id,
                    status="ended" if ended else "live",
                    ended_at=world.now if ended else None,
                )
        for by_host in (False, True):
            world.add(
                "assessment",
                observation_id=observed.id,
                mentor_id=mentor.id,
                host_id=other.id if by_host else None,
                assessor_id=None if by_host else world.pick("staff").id,
            )


def _courses(world: World) -> None:
    """Cohorts, who is in them and who has left, their days, and who came."""
    for number in range(3):
        world.add("module", code=f"own_{number}", status=world.some(["active", "retired"]))
        cohort = world.add("cohort", lead_id=world.pick("staff").id, modules=["managing_concerns"])
        day = world.add("cohort_day", cohort_id=cohort.id, starts_at=world.before(9))
        day.ends_at = day.starts_at + HOUR
        for mentor in world.random.sample(world.rows("mentor"), 3):
            left = world.maybe(world.now, 0.3)
            world.add("cohort_member", cohort_id=cohort.id, mentor_id=mentor.id, left_at=left)
            if world.random.random() < 0.6:
                world.add("attendance", cohort_id=cohort.id, day_id=day.id, mentor_id=mentor.id)


def _application(world: World, mentor: Any) -> None:
    """Words of his own, and what staff hold of it."""
    staff = world.pick("staff")
    made = [
        world.add("statement", mentor_id=mentor.id, recorded_by=None),
        world.add("character_reference", mentor_id=mentor.id, recorded_by=staff.id),
        world.add("interview", mentor_id=mentor.id, staff_id=staff.id),
    ]
    nouns = ("statement", "character_reference", "interview")
    for noun, thing in zip(nouns, made, strict=True):
        if world.random.random() < 0.3:
            _versions(world, noun, thing)


def _support(world: World) -> None:
    for mentor, mentee in product(world.rows("mentor"), world.rows("mentee")):
        if mentor.person_id == mentee.person_id:
            continue
        if world.random.random() < 0.2:
            at = world.before(30)
            world.add(
                "pairing", mentor_id=mentor.id, mentee_id=mentee.id, status="ended", ended_at=at
            )
        if world.random.random() < 0.4:
            status = world.some(["live", "live", "to_reassign"])
            world.add(
                "pairing", mentor_id=mentor.id, mentee_id=mentee.id, status=status, ended_at=None
            )


def _matching(world: World) -> None:
    """Profiles, who knows whom, whom the prison keeps apart, proposals."""
    for person in world.rows("person"):
        if world.random.random() < 0.7:
            world.add("profile", person_id=person.id)
        others = [each for each in world.rows("person") if each is not person]
        for declared_by in ("own_word", "told_to_staff", "known_to_staff"):
            if world.random.random() < 0.5:
                world.add(
                    "acquaintance",
                    person_id=person.id,
                    other_person_id=world.maybe(world.some(others).id),
                    declared_by=declared_by,
                    withdrawn_at=world.maybe(world.now, 0.3),
                )
    for person in world.rows("person"):
        if world.random.random() < 0.7:
            starts = world.before(30)
            world.add(
                "prison_event",
                person_id=person.id,
                starts_at=starts,
                ends_at=starts + HOUR,
                source="staff",
                cancelled_at=world.maybe(world.now, 0.3),
            )
    for number, (one, other) in enumerate(pairwise(world.rows("person"))):
        low, high = sorted([one.number, other.number])
        is_open = world.random.random() < 0.5
        world.add(
            "non_association", source_id=number, number_low=low, number_high=high, is_open=is_open
        )
    for status in ("proposed", "approved", "rejected"):
        proposal = world.add("match_proposal", status=status)
        for mentee in world.rows("mentee")[:3]:
            world.add(
                "match_proposal_pair",
                proposal_id=proposal.id,
                mentee_id=mentee.id,
                mentor_id=world.pick("mentor").id,
            )


def _sessions(world: World) -> None:
    for number in range(8):
        starts = world.now + (number - 4) * 3 * HOUR
        status = world.some(SessionStatus).value
        session = world.add(
            "session",
            mentor_id=world.pick("mentor").id,
            status=status,
            starts_at=starts,
            ends_at=starts + HOUR,
        )
        for mentee in world.random.sample(world.rows("mentee"), 3):
            world.add(
                "participation",
                session_id=session.id,
                mentee_id=mentee.id,
                during=Range(starts, starts + HOUR, bounds="[)"),
                live=status in {"planned", "confirmed"},
                status=world.some(ParticipationStatus).value,
                recorded_at=world.before(30),
            )


def _lockdowns(world: World) -> None:
    """Each with whom it left alone: for a reason that all may know, for a concern, for both. And
    days and rooms that are unlike others."""
    world.add("regime_exception", slots=[], withdrawn_at=None)
    starts = world.around(5)
    room = world.pick("room")
    world.add("room_closure", room_id=room.id, starts_at=starts, ends_at=starts + HOUR)
    for _ in range(2):
        starts = world.around(5)
        lockdown = world.add(
            "lockdown", starts_at=starts, ends_at=starts + 3 * HOUR, lifted_at=None
        )
        session = world.pick("session")
        if session.id not in {each.session_id for each in world.rows("lockdown_session")}:
            world.add(
                "lockdown_session",
                lockdown_id=lockdown.id,
                session_id=session.id,
                reoffered_as=None,
            )
        for mentee in world.rows("mentee"):
            concerns = world.random.sample(world.rows("concern"), world.random.randrange(3))
            world.add(
                "welfare_check",
                lockdown_id=lockdown.id,
                mentee_id=mentee.id,
                open_acct=not concerns,
                first_session=world.random.random() < 0.2,
                concern_ids=[each.id for each in concerns],
                looked_in_at=None,
                looked_in_by=None,
            )


def _series(world: World) -> None:
    """Series led by one mentor after another, each with a meeting and one that it superseded."""
    for session in world.rows("session")[:4]:
        series = world.add("series", meetings=8)
        before = world.add(
            "series_plan",
            series_id=series.id,
            mentor_id=world.pick("mentor").id,
            superseded_at=world.before(9),
        )
        world.add(
            "series_plan",
            series_id=series.id,
            mentor_id=world.pick("mentor").id,
            supersedes_id=before.id,
        )
        world.add("occurrence", series_id=series.id, session_id=session.id)
        for mentee in world.random.sample(world.rows("mentee"), 2):
            world.add("enrolment", series_id=series.id, mentee_id=mentee.id)


def _concerns(world: World) -> None:
    for _ in range(14):
        about = world.random.random()
        concern = world.add(
            "concern",
            reference=f"C{world.random.randrange(10**9)}",
            kind=world.some(ConcernKind).value,
            status=world.some(ConcernStatus).value,
            immediacy=world.some(Immediacy).value,
            subject_person_id=world.maybe(world.pick("person").id),
            about_staff_id=world.pick("staff").id if about < 0.2 else None,
            about_staff_as_told="the tall officer" if 0.2 < about < 0.3 else None,
            about_mentor=0.3 < about < 0.55,
            about_line_id=world.pick("staff").id if 0.3 < about < 0.45 else None,
            raised_by_person_id=world.maybe(world.pick("person").id),
            acknowledge_by=world.around(5),
            seen_by=world.around(5),
            decide_by=world.around(5),
            acknowledged_at=world.maybe(world.around(5)),
            seen_at=world.maybe(world.around(5)),
            decided_at=world.maybe(world.around(5)),
            closed_at=world.maybe(world.around(5), 0.3),
        )
        world.add("action", concern_id=concern.id, owner_id=world.pick("staff").id)
        world.add("addendum", concern_id=concern.id)
        for _ in range(world.random.randrange(3)):
            _page(world, concern_id=concern.id)


def _voices(world: World) -> None:
    """Goals of mentees, complaints of anyone, and those turned away."""
    for mentee in world.rows("mentee"):
        for _ in range(2):
            goal = world.add(
                "goal",
                mentee_id=mentee.id,
                status=world.some(GoalStatus).value,
                share_with_mentor=world.random.random() < 0.6,
            )
            _versions(world, "goal", goal)
        cohort = world.add("outcome_cohort", name=f"The year {new_id()}")
        world.add("outcome_cohort_member", mentee_id=mentee.id, outcome_cohort_id=cohort.id)
        for instrument in ("phq9", "swemwbs"):
            answered = world.random.random() < 0.7
            summed = instrument == "swemwbs" or world.random.random() < 0.8
            world.add(
                "questionnaire",
                mentee_id=mentee.id,
                instrument=instrument,
                occasion="follow_up",
                status=world.random.choice(["recorded", "recorded", "entered_in_error"]),
                result="answered" if answered else "declined",
                answers={"down": 1} if answered and instrument == "phq9" else None,
                total=9 if answered and summed else None,
                share_total=world.random.random() < 0.5,
            )
    for _ in range(14):
        who = world.random.random()
        mentor = world.pick("mentor") if 0.3 < who < 0.6 else None
        number = world.random.randrange(3)
        world.add(
            "complaint",
            reference=f"K{world.random.randrange(10**9)}",
            status=world.some(ComplaintStatus).value,
            about=world.some(ComplaintAbout).value,
            about_staff_id=world.pick("staff").id if who < 0.25 else None,
            about_mentor_id=mentor.id if mentor else None,
            about_line_ids=[world.pick("staff").id for _ in range(number)] if mentor else [],
            raised_by_person_id=world.pick("person").id,
        )
    world.add("turned_away")


def _page(world: World, **about: Any) -> None:
    both = {"concern_id": None, "task_id": None, "break_glass_id": None, **about}
    page = world.add("notification", staff_id=world.maybe(world.pick("staff").id, 0.9), **both)
    world.add("delivery", notification_id=page.id, address_id=None, page_test_id=None)
    if world.random.random() < 0.2:
        code = {"address_id": world.pick("address").id, "page_test_id": None}
        world.add("delivery", notification_id=None, **code)


def _clinical(world: World) -> None:
    clinicians = [each for each in world.rows("staff") if Role(each.role).family is Role.clinician]
    for person, clinician in product(world.rows("person"), clinicians):
        ended = world.random.random() < 0.3
        if world.random.random() < 0.3:
            world.add(
                "caseload",
                person_id=person.id,
                staff_id=clinician.id,
                started_at=world.now - 9 * HOUR,
                ended_at=world.now - HOUR if ended else None,
                ended_reason="discharged" if ended else None,
            )
        if world.random.random() < 0.3:
            note = world.add(
                "clinical_note",
                person_id=person.id,
                author_staff_id=clinician.id,
                disclosure=world.some(DISCLOSURES),
            )
            _versions(world, "clinical_note", note)
        if world.random.random() < 0.2:
            begins = world.around(3)
            world.add(
                "break_glass",
                reference=f"G{world.random.randrange(10**9)}",
                staff_id=clinician.id,
                person_id=person.id,
                begins_at=begins,
                expires_at=begins + 2 * HOUR,
                ended_at=world.maybe(world.now, 0.2),
            )
    for person in world.rows("person"):
        _shared(world, person)
    for thing in [*world.rows("mentee")[:3], *world.rows("session")[:3]]:
        _versions(world, "mentee" if thing in world.rows("mentee") else "session", thing)


def _shared(world: World, person: Any) -> None:
    """A safety plan, permissions to share, an ACCT, an explanation."""
    for ended in (True, False):
        if world.random.random() < 0.6:
            plan = world.add(
                "safety_plan",
                person_id=person.id,
                made_by=world.pick("staff").id,
                ended_at=world.now if ended else None,
            )
            for _ in range(world.random.randrange(3)):
                item = world.add(
                    "safety_item",
                    plan_id=plan.id,
                    shared_with_mentor=world.random.random() < 0.6,
                    shared_with_staff=world.random.random() < 0.6,
                    removed_at=world.maybe(world.now, 0.2),
                )
                _versions(world, "safety_item", item)
    for recipient, purpose in product(
        [Recipient.mentor, Recipient.support_workers], [Purpose.safety_plan, Purpose.peer_support]
    ):
        for status in PermissionStatus:
            if world.random.random() < 0.25:
                world.add(
                    "sharing_permission",
                    person_id=person.id,
                    recipient=recipient.value,
                    purpose=purpose.value,
                    status=status.value,
                    revoked_at=world.now if status is PermissionStatus.revoked else None,
                )
    world.add("acct_pointer", person_id=person.id, status="open")
    world.add("explanation", person_id=person.id)


def _versions(world: World, noun: str, thing: Any) -> None:
    for number in range(2):
        author = world.pick("staff")
        world.add(
            "text_version",
            noun=noun,
            thing_id=thing.id,
            field="text",
            number=number,
            author_subject=author.subject,
            author_role=author.role,
            disclosure=world.some(DISCLOSURES),
        )


def _programme(world: World) -> None:
    """Places, outreach, hours; and a number that turned out to be another's."""
    for person in world.rows("person")[::2]:
        ended = world.random.random() < 0.4
        world.add(
            "wing_place",
            person_id=person.id,
            wing_id=world.pick("wing").id,
            status="withdrawn" if ended else world.some(["requested", "waiting", "resident"]),
            ended_at=world.now if ended else None,
            end_reason="own_wish" if ended else None,
        )
    for _ in range(3):
        visit = world.add("outreach_visit", wing_id=world.pick("wing").id)
        mentor = world.pick("mentor")
        world.add("outreach_part", outreach_visit_id=visit.id, mentor_id=mentor.id, staff_id=None)
        staff = world.pick("staff")
        world.add("outreach_part", outreach_visit_id=visit.id, staff_id=staff.id, mentor_id=None)
    for _ in range(8):
        world.add("effort", mentor_id=world.pick("mentor").id, staff_id=None)
        world.add("effort", staff_id=world.pick("staff").id, mentor_id=None)
    identity = SimpleNamespace(id=new_id(), numbers=[])
    world.rows("person_identity").append(identity)
    world.add(
        "person",
        identity_id=identity.id,
        number=f"M{next(_numbers):04}AZ",
        presence="left",
        merged_into=world.pick("person").id,
        merged_at=world.now,
    )


def _house(world: World) -> None:
    """Tasks and their pages, the audit, the history, clients and revocations."""
    tables = {source.value: table for table, source in SOURCES.items()}
    likely = [TaskSource.concerns, TaskSource.break_glass, TaskSource.complaints]
    likely.append(TaskSource.questionnaires)
    for _ in range(16):
        source = world.some([*TaskSource, *likely]).value
        things = world.rows(tables[source])
        task = world.add(
            "task",
            reference=f"T{world.random.randrange(10**9)}",
            thing_noun=source,
            thing_id=world.some(things).id if things else new_id(),
            for_role=(role := world.maybe(world.some(StaffRole).value, 0.7)),
            for_staff_id=None if role and world.random.random() < 0.6 else world.pick("staff").id,
        )
        if world.random.random() < 0.6:
            _page(world, task_id=task.id)
    for glass in world.rows("break_glass"):
        _page(world, break_glass_id=glass.id)
    for _ in range(14):
        tables_of = ("concern", "notification", "person", "complaint", "task")
        named = [world.pick(table).id for table in tables_of]
        ids: list[UUID] = world.random.sample(named, world.random.randrange(3))
        subject = world.some([world.pick("staff").subject, "somebody"])
        world.add("audit_entry", subject=subject, ids=ids)
    world.add("history", thing_id=world.pick("mentor").id)
    world.add("client", client_id=f"c{new_id()}", scopes=[], pending_scopes=[])
    for _ in range(3):
        world.add("revocation", subject=world.pick("staff").subject, issued_until=world.now)
    world.add("revocation", person_id=world.pick("person").id, issued_until=world.now)
    for person, status in zip(
        world.rows("person"), ["placed", "lift_asked", "lifted"], strict=False
    ):
        world.add("legal_hold", person_id=person.id, status=status)
    world.add("death", person_id=world.pick("person").id)
    world.add("release", kind="identifiable_export", requested_by=world.pick("staff").id)
    world.add("former_value", thing_id=world.pick("person").id)
    world.add("outage", began_at=world.now - HOUR, ended_at=world.now)
    review = world.add("joint_review", status="due")
    _versions(world, "joint_review", review)
    for weekday in (1, 2):
        world.add("regime", weekday=weekday)


async def insert(db: Database, world: World) -> None:
    """Put a world into the database, as a prison of its own."""
    async with db.sessions() as session, session.begin():
        session.add(Prison(id=world.prison_id, name=f"HMP World {world.prison_id}"))
    async with db.write(world.prison_id) as session:
        for table in metadata.sorted_tables:
            rows = [vars(row) for row in world.rows(table.name)]
            names = {name for row in rows for name in row}
            if rows:
                every = [{name: row.get(name) for name in names} for row in rows]
                await session.execute(table.insert(), every)
