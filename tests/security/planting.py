"""The world of the canary test: two prisons, everybody who looks, and a word in every field.

Everything but the first two governors, whom the command line makes, is entered over HTTP by
somebody entitled to.
"""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app import clock, worker
from app.db import Database
from app.integrations.notify.log import LogChannel
from app.models.base import metadata
from app.models.prisons import Prison
from app.models.staff import Staff, StaffRole
from app.services import joint_reviews
from app.tokens import DevelopmentIssuer
from tests.security.canaries import CANARIES, OF_THE_STAFF, Viewer, word
from tests.story import Caller, Wing, clearance

V = Viewer
HOME, ABROAD = "QQA", "QQB"
_ROLES = {
    V.support_worker: StaffRole.support_worker,
    V.accused_worker: StaffRole.support_worker,
    V.supervisor: StaffRole.support_worker,
    V.accused_governor: StaffRole.governor,
}
_POSTS = {
    V.clinician: "clinician",
    V.support_worker: "support_worker",
    V.wing_duty: "orderly_officer",
    V.governor: "duty_governor",
    V.mental_health_lead: "last_resort",
}
ONCE = {"Idempotency-Key": "entered-once"}
_REFEREE = {"referee_role": "wing_staff", "supports": "yes"}


@dataclass
class World:
    """Who looks, and the rows there are to be looked at."""

    home: Wing
    abroad: Wing
    viewers: dict[Viewer, Caller] = field(default_factory=dict)
    people: dict[str, Any] = field(default_factory=dict)
    mentees: dict[str, Any] = field(default_factory=dict)
    concerns: dict[str, Any] = field(default_factory=dict)
    ids: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    replayed: tuple[str, dict[str, Any]] = ("", {})
    pages: Path = Path()

    def __getattr__(self, name: str) -> Caller:
        """A viewer by name."""
        try:
            return self.viewers[Viewer(name)]
        except ValueError:
            raise AttributeError(name) from None

    async def sweep(self) -> None:
        """A round of the worker over the home prison."""
        await worker.sweep(self.home.db, HOME)
        await worker.deliver(self.home.db, HOME, LogChannel(self.pages))

    async def number_rows(self) -> None:
        """Note the ids of every row, by table and prison."""
        for table in metadata.sorted_tables:
            if "id" not in table.columns or "prison_id" not in table.columns:
                continue
            found = self.ids[table.name] = {}
            for prison_id in (HOME, ABROAD):
                async with self.home.db.write(prison_id) as session:
                    sql = f'SELECT id FROM "{table.name}" WHERE prison_id = :p ORDER BY id'
                    rows = await session.execute(text(sql), {"p": prison_id})
                    found[prison_id] = [str(row.id) for row in rows]


def words_of_row(table: str, variant: str) -> dict[str, str]:
    """Every word to plant in one row, by column."""
    return {
        column: some[variant].word
        for (name, column), some in CANARIES.items()
        if name == table and variant in some
    }


async def plant(http: Any, db: Database, issuer: DevelopmentIssuer, pages: Path) -> World:
    """Make both prisons and put every word in its place."""
    async with db.sessions() as session, session.begin():
        session.add_all(Prison(id=each, name="HMP New") for each in (HOME, ABROAD))
    world = World(Wing(http, db, issuer, HOME), Wing(http, db, issuer, ABROAD), pages=pages)
    await _staff(world)
    await _places(world)
    await _abroad(world)
    await _adoption(world)
    await _mentors(world)
    await _courses(world)
    await _mentees(world)
    await _matching(world)
    await _programme(world)
    await _sessions(world)
    await _series(world)
    await _voices(world)
    await _concerns(world)
    await _glass(world)
    await _clinical_room(world)
    await _looked_after(world)
    await _death(world)
    await _machines(world)
    await world.sweep()
    await world.number_rows()
    return world


async def _first(wing: Wing, role: StaffRole, row: dict[str, str]) -> Caller:
    """A member of staff made as the command line does."""
    made = Staff(prison_id=wing.prison_id, role=role, **row)
    async with wing.db.write(wing.prison_id) as session:
        session.add(made)
    token = wing.issuer.issue(made.subject, [role.value], [wing.prison_id])
    return Caller(wing.http, wing.prison_id, token, made.subject, staff_id=made.id)


async def _staff(world: World) -> None:
    home = world.home
    for who in (V.governor, V.accused_governor):
        row = words_of_row("staff", who)
        world.viewers[who] = await _first(home, StaffRole.governor, row)
    for who in OF_THE_STAFF:
        if who in world.viewers:
            continue
        role = _ROLES.get(who) or StaffRole(who.value)
        row = words_of_row("staff", who)
        made = await world.governor.post("staff", {**row, "role": role.value})
        if made["confirmation_asked_by"]:
            await world.accused_governor.post(f"staff/{made['id']}/confirmation", None, 200)
        token = home.issuer.issue(row["subject"], [role.value], [HOME])
        world.viewers[who] = Caller(home.http, HOME, token, row["subject"], staff_id=made["id"])
    home.governor, home.support_worker = world.governor, world.support_worker
    home.clinician, home.nurse, home.officer = world.clinician, world.nurse, world.wing_duty
    for who, post in _POSTS.items():
        body = {
            "staff_id": str(world.viewers[who].staff_id),
            "post": post,
            "starts_at": clock.spell(clock.now() - timedelta(hours=1)),
        }
        await world.governor.post("duties", body)
    today = clock.now().date()
    weekly = {
        "staff_id": str(world.nurse.staff_id),
        "post": "clinician",
        "weekdays": [today.isoweekday()],
        "from_time": "20:00:00",
        "to_time": "08:00:00",
        "first_day": today.isoformat(),
        "last_day": (today + timedelta(days=8)).isoformat(),
    }
    await world.governor.post("duty-patterns", weekly)
    webhook = {**words_of_row("webhook", "webhook"), "topics": ["campaign"]}
    await world.governor.post("webhooks", webhook)
    for who in OF_THE_STAFF:
        body = {"kind": "email", "value": word("address", "value", who)}
        await world.viewers[who].post("addresses", body)


async def _places(world: World) -> None:
    worker_ = world.support_worker
    former = {"outside_last_resort": word("former_value", "former", "prison")}
    await world.governor.patch("", former)
    await world.governor.patch("", words_of_row("prison", "prison"))
    for variant, code in (("dedicated", "D"), ("other", "E")):
        body = {**words_of_row("wing", variant), "code": code, "dedicated": code == "D"}
        made = await worker_.post("wings", body)
        world.home.wing_id = world.home.wing_id or made["id"]
    body = {"wing_id": world.home.wing_id, "capacity": 12}
    await worker_.post("rooms", {**body, **words_of_row("room", "room")})


async def _abroad(world: World) -> None:
    """Another prison, with a governor whose token is for that prison only."""
    await world.abroad.open()
    world.viewers[V.foreign_governor] = world.abroad.governor
    person = await world.abroad.person(**words_of_row("person", "foreign"))
    body = {"person_id": person["id"], "referred_by": "support_worker"}
    await world.abroad.support_worker.post("mentees", body)


async def _adoption(world: World) -> None:
    """The site adopts the scheme, calls for applications, and drafts another call."""
    named = {"part": "senior_manager", **words_of_row("adoption", "senior_manager")}
    await world.accused_governor.post("adoptions", named)
    for who in (world.governor, world.mental_health_lead):
        part = "governor" if who is world.governor else "mental_health_lead"
        await who.post("adoptions", {"part": part, "scheme_version": "2026-1"})
    today = clock.now().date()
    days = {"opens_on": str(today), "closes_on": str(today + timedelta(days=14)), "places": 9}
    for variant in ("open", "draft"):
        body = {**days, **words_of_row("campaign", variant)}
        made = await world.support_worker.post("campaigns", body)
        if variant == "open":
            await world.support_worker.move(f"campaigns/{made['id']}", "open")


async def _applied(world: World, variant: str, mentor_id: str) -> None:
    """What is said by and of an applicant before the application is handed in."""
    for table, path in (
        ("statement", "statements"),
        ("character_reference", "character-references"),
    ):
        if said := words_of_row(table, variant):
            body = {
                "mentor_id": mentor_id,
                **({"prompt": "why_mentor"} if table == "statement" else _REFEREE),
                **said,
            }
            if table != "statement":
                body["received_on"] = str(clock.now().date())
            await world.support_worker.post(path, body)


async def _interviewed(world: World, variant: str, mentor_id: str) -> None:
    said = words_of_row("interview", variant) or {"notes": "Knows what it costs."}
    await world.home.interviews(mentor_id, world.support_worker, world.clinician, **said)


async def _person(world: World, variant: str) -> Any:
    made = await world.home.person(**words_of_row("person", variant))
    world.people[variant] = made
    return made


async def _mentors(world: World) -> None:
    worker_, governor = world.support_worker, world.governor
    for variant in ("mentor", "other_mentor"):
        person = await _person(world, variant)
        body = {"person_id": person["id"], **words_of_row("mentor", variant)}
        body = {name: value for name, value in body.items() if name in {"person_id", "motivation"}}
        made = await worker_.post("mentors", body)
        path = f"mentors/{made['id']}"
        note = {"note": word("history", "note", "mentor")} if variant == "mentor" else {}
        await _applied(world, variant, made["id"])
        await worker_.move(path, "submitted", **note)
        await worker_.move(path, "screened")
        await _interviewed(world, variant, made["id"])
        await world.clinician.move(path, "interviewed")
        await worker_.move(path, "governor_review")
        days = {
            "valid_from": word("mentor", "clearance_from", "mentor"),
            "valid_to": word("mentor", "clearance_to", "mentor"),
        }
        await governor.put(f"{path}/clearance", {"outcome": "cleared", **days})
        note = {"note": word("history", "note", "mentor_decision")} if note else {}
        await governor.move(path, "approved_conditionally", **note)
        await world.home.trained(made["id"])
        await world.home.contracted(made["id"])
        supervisor = {"staff_id": str(world.supervisor.staff_id)}
        await worker_.put(f"{path}/supervisor", supervisor)
        await governor.move(path, "active", reason="founding_mentor")
        if variant == "mentor":
            note = {"note": word("history", "note", "mentor_pause")}
            await world.clinician.move(path, "paused", reason="welfare", **note)
            await worker_.move(path, "active")
            paid = {"commitment": "full_time", **words_of_row("mentor", variant)}
            paid = {name: paid[name] for name in ("commitment", "pay_reference")}
            await worker_.put(f"{path}/commitment", paid)
        else:
            until = {"until": word("clearance", "extended_to", variant)}
            await governor.post(f"{path}/clearance/extension", until, 200)
        caller = world.home.as_person(person["id"], made["id"])
        world.viewers[Viewer(variant)] = caller
        world.home.founders.append(caller)
    await _not_yet_and_no_longer(world)


async def _not_yet_and_no_longer(world: World) -> None:
    """A mentor in shadowing who observed, and is suspended; and an applicant."""
    worker_ = world.support_worker
    person = await _person(world, "suspended_mentor")
    made = await worker_.post("mentors", {"person_id": person["id"]})
    await _applied(world, "suspended_mentor", made["id"])
    path = f"mentors/{made['id']}"
    await worker_.move(path, "submitted")
    await worker_.move(path, "screened")
    await _interviewed(world, "suspended_mentor", made["id"])
    await world.clinician.move(path, "interviewed")
    await worker_.move(path, "governor_review")
    today = clock.now().date()
    cleared = clearance(today, today + timedelta(days=730))
    await world.governor.put(f"{path}/clearance", cleared)
    await world.governor.move(path, "approved_conditionally")
    await world.home.placed(made["id"], world.mentor)
    await worker_.move(path, "shadowing")
    observed = {
        "observed_mentor_id": str(world.mentor.mentor_id),
        "held_at": clock.spell(clock.now()),
        "minutes": 50,
    }
    said = words_of_row("observation", "suspended_mentor")
    seen = await worker_.post(f"{path}/observations", {**observed, **said})
    said = {"outcome": "meets", **words_of_row("assessment", "suspended_mentor")}
    await world.clinician.post(f"{path}/observations/{seen['id']}/assessment", said)
    body = {"mentor_id": made["id"], "module": "managing_concerns"}
    training = await world.nurse.post("trainings", body)
    note = word("history", "note", "training")
    await world.nurse.move(f"trainings/{training['id']}", "attended", note=note)
    await world.governor.move(path, "suspended", reason="conduct")
    world.viewers[V.suspended_mentor] = world.home.as_person(person["id"], made["id"])
    person = await _person(world, "applicant")
    made = await worker_.post("mentors", {"person_id": person["id"]})
    await _applied(world, "applicant", made["id"])
    world.viewers[V.applicant] = world.home.as_person(person["id"], made["id"])


async def _courses(world: World) -> None:
    """A module of the site's own, and a cohort with one of the mentors in it."""
    nurse = world.nurse
    await nurse.post("modules", {"code": "sleep_and_rest", **words_of_row("module", "own")})
    body = {"lead_id": str(nurse.staff_id), "modules": ["sleep_and_rest"]}
    made = await nurse.post("cohorts", {**body, **words_of_row("cohort", "course")})
    member = {"mentor_id": str(world.mentor.mentor_id)}
    await nurse.post(f"cohorts/{made['id']}/members", member)
    day = {
        "module": "sleep_and_rest",
        "starts_at": clock.spell(clock.now() - timedelta(hours=3)),
        "ends_at": clock.spell(clock.now() - timedelta(hours=2)),
    }
    added = await nurse.post(f"cohorts/{made['id']}/days", day)
    marks = {"marks": [{**member, "status": "present"}]}
    await nurse.put(f"cohorts/{made['id']}/days/{added['id']}/attendance", marks)


async def _mentees(world: World) -> None:
    worker_, clinician = world.support_worker, world.clinician
    for variant, mentor in (("mentee", world.mentor), ("other_mentee", world.other_mentor)):
        person = await _person(world, variant)
        body = {
            "person_id": person["id"],
            "referred_by": "support_worker",
            **words_of_row("mentee", variant),
        }
        made = await worker_.post("mentees", body)
        path = f"mentees/{made['id']}"
        note = {"note": word("history", "note", "mentee")} if variant == "mentee" else {}
        await worker_.move(path, "triage", **note)
        for to in ("accepted", "waiting", "offered"):
            await worker_.move(path, to)
        await world.home.consents(made["id"])
        await world.home.checks(made["id"], "compatibility")
        await worker_.move(path, "engaged")
        await world.home.pairs(mentor, made["id"])
        world.mentees[variant] = made
    world.viewers[V.mentee] = world.home.as_person(world.people["mentee"]["id"])
    body = words_of_row("person", "stranger")
    world.replayed = ("people", body)
    sent = {"content": json.dumps(body), "headers": {**ONCE, "Content-Type": "application/json"}}
    world.people["stranger"] = await worker_.post("people", **sent)
    for variant in ("mentee", "stranger"):
        body = {"person_id": world.people[variant]["id"], **words_of_row("acct_pointer", variant)}
        await clinician.post("acct-pointers", body)
    body = {
        "person_id": world.people["mentee"]["id"],
        "recipient": "chaplaincy",
        "purpose": "referral",
        "how": "spoken",
        "given_at": clock.spell(clock.now()),
    }
    await worker_.post("permissions", body)


async def _matching(world: World) -> None:
    """Profiles, who knows whom, whom the prison keeps apart, and a proposal."""
    worker_, people = world.support_worker, world.people
    for who in ("mentor", "mentee"):
        body = {"languages": ["en"], "skills": ["art"], "preferences": ["same_language"]}
        await worker_.put(f"profiles/{people[who]['id']}", body, 201, headers={})
    for variant in ("mentor", "applicant"):
        said = {**words_of_row("acquaintance", variant), "relation": "friend"}
        await world.viewers[Viewer(variant)].post("acquaintances", said)
    said = {**words_of_row("acquaintance", "told_to_staff"), "relation": "debt"}
    await worker_.post("acquaintances", {"person_id": people["mentee"]["id"], **said})
    pair = {
        "id": 4820,
        "firstPrisonerNumber": word("non_association", "number_low", "pair"),
        "secondPrisonerNumber": word("non_association", "number_high", "pair"),
        "restrictionType": "WING",
        "isOpen": True,
    }
    await worker_.post("non-associations/import", [pair])
    event = {
        "offenderNo": people["mentee"]["number"],
        "eventId": int(word("prison_event", "source_id", "court")),
        "event": "CRT",
        "startTime": "2026-11-24T10:00:00",
    }
    await worker_.post("prison-events/import", [event])
    person = await world.home.person()
    referral = {"person_id": person["id"], "referred_by": "support_worker"}
    waiting = await worker_.post("mentees", referral)
    for to in ("triage", "accepted"):
        await worker_.move(f"mentees/{waiting['id']}", to)
    await worker_.post("match-proposals", {})


async def _programme(world: World) -> None:
    """Places, an outreach visit, hours; and a stranger who had two numbers."""
    worker_, mentor_id = world.support_worker, str(world.mentor.mentor_id)
    body = {"person_id": world.people["mentee"]["id"], "wing_id": world.home.wing_id}
    place = await world.wing_duty.post("wing-places", body)
    said = word("history", "note", "wing_place")
    await worker_.move(f"wing-places/{place['id']}", "waiting", note=said)
    [other] = (await worker_.get("wings", params={"dedicated": "false"}))["items"]
    visit = {
        "wing_id": other["id"],
        "kind": "stall",
        "held_at": clock.spell(clock.now()),
        "staff_ids": [str(worker_.staff_id)],
        "mentor_ids": [mentor_id],
        "people_spoken_with": 9,
    }
    await worker_.post("outreach-visits", visit)
    effort = {"activity": "outreach", "done_on": str(clock.now().date()), "minutes": 45}
    await worker_.post("efforts", effort)
    await world.mentor.post("efforts", effort)
    double = await world.home.person()
    numbers = {"number": world.people["stranger"]["number"], "removed_number": double["number"]}
    await worker_.post("people/merges", numbers, 200)


async def _sessions(world: World) -> None:
    now = clock.now()
    pairs = (("mentor", "mentee"), ("other_mentor", "other_mentee"))
    for mentor, mentee in pairs:
        caller = world.viewers[Viewer(mentor)]
        body = {
            "kind": "one_to_one",
            "mentor_id": str(caller.mentor_id),
            "mentee_ids": [world.mentees[mentee]["id"]],
            "starts_at": clock.spell(now - timedelta(hours=2)),
            "ends_at": clock.spell(now - timedelta(hours=1)),
        }
        said = words_of_row("session", mentor)
        if mentor == "mentor":
            former = {"note": word("text_version", "text", "former_note")}
            made = await caller.post("sessions/held", {**body, **former})
            await caller.put(f"sessions/{made['id']}/note", said)
        else:
            await caller.post("sessions/held", {**body, **said})
        planned = {
            **body,
            "starts_at": clock.spell(now + timedelta(hours=20)),
            "ends_at": clock.spell(now + timedelta(hours=21)),
        }
        made = await world.support_worker.post("sessions", planned)
        if mentor == "mentor":
            note = word("history", "note", "session")
            path = f"sessions/{made['id']}"
            await world.support_worker.move(path, "cancelled", reason="mentee_unwell", note=note)


async def _series(world: World) -> None:
    """A group that one of the mentors leads, with a room and a day to come."""
    body = {
        "kind": "group",
        "mentor_id": str(world.mentor.mentor_id),
        "first_day": str((clock.now() + timedelta(days=3)).date()),
        "starts": "15:00:00",
        "minutes": 30,
        "meetings": 2,
        **words_of_row("series", "series"),
    }
    made = await world.support_worker.post("series", body)
    other = {"series_id": made["id"], "mentee_id": world.mentees["other_mentee"]["id"]}
    place = await world.support_worker.post("enrolments", other)
    note = word("history", "note", "enrolment")
    await world.support_worker.move(f"enrolments/{place['id']}", "accepted", note=note)


async def _voices(world: World) -> None:
    """What mentees want to reach, what is complained of, and one who was turned away."""
    for variant in CANARIES["goal", "text"]:
        goal = {"kind": "goal", "share_with_mentor": variant == "shared"}
        made = await world.mentee.post("goals", {**goal, **words_of_row("goal", variant)})
        if variant == "shared":
            note = word("history", "note", "goal")
            await world.mentee.move(f"goals/{made['id']}", "achieved", note=note)
    year = {"referred_from": "2026-01-01", "referred_to": str(clock.now().date())}
    await world.support_worker.post(
        "outcome-cohorts", year | words_of_row("outcome_cohort", "year")
    )
    day = {"mentee_id": world.mentees["mentee"]["id"], "first_day": str(clock.now().date())}
    found = {"kind": "self_care", "fact": "clinical_finding", "source": "clinical_record"}
    await world.clinician.post("life-events", day | found)
    said = {"kind": "self_seclusion", "fact": "self_report", "source": "own_words"}
    await world.support_worker.post("life-events", day | said)
    month = {"month": "2026-01-01", "incident": "fight", "number": 2}
    await world.support_worker.post("incident-counts/import", {"rows": [month]})
    opened = await world.support_worker.post("survey-rounds", {"audience": "mentees"})
    await world.support_worker.post(f"survey-rounds/{opened['id']}/codes", {"number": 1}, 200)
    asked = {"mentee_id": world.mentees["mentee"]["id"], "occasion": "baseline"}
    await world.clinician.post(
        "questionnaires", asked | {"instrument": "phq9", "answers": {"better_off_dead": 1}}
    )
    await world.clinician.post(
        "questionnaires", asked | {"instrument": "swemwbs", "total": 21, "share_total": True}
    )
    about: dict[str, tuple[Caller, dict[str, Any]]] = {
        "service": (world.mentee, {"about": "service"}),
        "about_worker": (
            world.applicant,
            {"about": "staff", "about_staff_id": str(world.accused_worker.staff_id)},
        ),
        "about_governor": (
            world.other_mentor,
            {"about": "staff", "about_staff_id": str(world.accused_governor.staff_id)},
        ),
        "about_mentor": (
            world.mentee,
            {"about": "mentor", "about_mentor_id": str(world.mentor.mentor_id)},
        ),
    }
    for variant, (raiser, fields) in about.items():
        said = words_of_row("complaint", variant)
        answer = said.pop("answer", None)
        made = await raiser.post("complaints", {**fields, **said})
        if answer is not None:
            path, staff_id = f"complaints/{made['id']}", str(world.clinician.staff_id)
            await world.clinician.post(f"{path}/assignment", {"staff_id": staff_id}, 200)
            await world.clinician.post(f"{path}/answer", {"answer": answer}, 200)
            note = word("history", "note", "complaint")
            await raiser.move(path, "reopened", reason="not_satisfied", note=note)
    turned_away = {"reason": "no_capacity", "source": "wing_staff"}
    await world.clinician.post("demand/turned-away", turned_away)


async def _concerns(world: World) -> None:
    about: dict[str, tuple[Caller, dict[str, Any]]] = {
        "day": (world.mentor, {"immediacy": "today"}),
        "now": (world.other_mentor, {"immediacy": "right_now"}),
        "about_worker": (
            world.other_mentor,
            {"kind": "misconduct", "about_staff_id": str(world.accused_worker.staff_id)},
        ),
        "about_governor": (
            world.other_mentor,
            {"kind": "misconduct", "about_staff_id": str(world.accused_governor.staff_id)},
        ),
        "about_mentor": (
            world.support_worker,
            {"kind": "misconduct", "subject_person_id": world.people["mentor"]["id"]},
        ),
        "safeguarding": (
            world.other_mentor,
            {"kind": "safeguarding", "about_staff_id": str(world.accused_worker.staff_id)},
        ),
        "security": (world.support_worker, {"kind": "security_matter"}),
    }
    sent = {"account", "needs", "protects", "told", "subject_as_told", "about_staff_as_told"}
    for variant, (raiser, fields) in about.items():
        said = words_of_row("concern", variant)
        body = {**fields, **{name: said[name] for name in said.keys() & sent}}
        body.setdefault("immediacy", "can_wait_a_day")
        world.concerns[variant] = await raiser.post("concerns", body)
    for variant, some in CANARIES["addendum", "account"].items():
        by = world.governor if variant == "about_worker" else world.clinician
        path = f"concerns/{world.concerns[variant]['id']}/addenda"
        await by.post(path, {"account": some.word})
    for variant, some in CANARIES["action", "what"].items():
        body = {
            "what": some.word,
            "owner_id": str(world.clinician.staff_id),
            "due_at": clock.spell(clock.now() + timedelta(days=1)),
        }
        path = f"concerns/{world.concerns[variant]['id']}/actions"
        made = await world.clinician.post(path, body)
        if variant == "day":
            outcome = {"outcome": word("action", "outcome", "day")}
            await world.clinician.post(f"{path}/{made['actions'][0]['id']}/outcome", outcome, 200)
    await _worked_on(world, f"concerns/{world.concerns['day']['id']}")


async def _worked_on(world: World, path: str) -> None:
    """Everything that is written of a concern while it is worked on."""
    said, clinician = words_of_row("concern", "day"), world.clinician
    await clinician.post(f"{path}/acknowledgement", {}, 200)
    handover = {"to": said["handed_over_to"], "at": clock.spell(clock.now())}
    await clinician.post(f"{path}/handover", handover, 200)
    await clinician.post(f"{path}/seen", {"not_seen_reason": said["not_seen_reason"]}, 200)
    decision = {
        "decision": said["decision"],
        "acct_decision": "not_opened",
        "acct_reason": said["acct_reason"],
    }
    await clinician.post(f"{path}/decision", decision, 200)
    here = {"not_left_reason": said["not_left_reason"]}
    await clinician.post(f"{path}/receiving-side", here, 200)
    there = {"side": said["receiving_side"], "received_by": said["received_there_by"]}
    await clinician.post(f"{path}/receiving-side", there, 200)
    lower = {"immediacy": "routine", "reason": said["lower_reason"]}
    await clinician.put(f"{path}/immediacy", lower)
    feedback = {
        "outcome": "acted",
        "text": said["feedback_text"],
        "told_by": said["feedback_told_by"],
    }
    await clinician.post(f"{path}/feedback", feedback, 200)
    await clinician.move(path, "under_review", note=word("history", "note", "concern"))


async def _glass(world: World) -> None:
    said = words_of_row("break_glass", "stranger")
    body = {
        "person_id": world.people["stranger"]["id"],
        "reason_code": "danger_to_life",
        "reason": said["reason"],
    }
    made = await world.clinician.post("break-glass", body)
    path = f"break-glass/{made['id']}"
    await world.clinician.post(f"{path}/end", None, 200)
    review = {"outcome": "not_justified", "note": said["review_note"]}
    await world.governor.post(f"{path}/review", review, 200)
    tasks = (await world.mental_health_lead.get("tasks?status=open"))["items"]
    follow_up = next(each for each in tasks if each["kind"] == "break_glass_follow_up")
    outcome = word("task", "outcome", "follow_up")
    await world.mental_health_lead.move(f"tasks/{follow_up['id']}", "done", note=outcome)


async def _clinical_room(world: World) -> None:
    clinician = world.clinician
    people = {name: made["id"] for name, made in world.people.items()}
    for who in ("mentee", "stranger"):
        await clinician.post("caseloads", {"person_id": people[who]})
    of = {"patient": "mentee", "restricted": "mentee", "stranger": "stranger"}
    for variant, who in of.items():
        said = words_of_row("clinical_note", variant)
        body = {"person_id": people[who], "kind": "contact", **said}
        if variant == "restricted":
            body["disclosure"] = "restricted"
        made = await clinician.post("clinical-notes", body)
        if variant == "patient":
            added = {"text": word("text_version", "text", "addendum")}
            await clinician.post(f"clinical-notes/{made['id']}/addenda", added)
    body = {"person_id": people["mentee"], **words_of_row("safety_plan", "mentee")}
    plan = await clinician.post("safety-plans", body)
    for variant in CANARIES["safety_item", "text"]:
        item = {"kind": "coping_strategy", **words_of_row("safety_item", variant)}  # type: dict[str, Any]
        if variant != "unshared":
            item[variant] = True
        await clinician.post(f"safety-plans/{plan['id']}/items", item)


async def _looked_after(world: World) -> None:
    """Supervisions held, one of them refused; a joint review; check-ins, one of a patient."""
    for variant in ("mentor", "other_mentor"):
        caller = world.viewers[Viewer(variant)]
        of_theirs = f"supervisions?mentor_id={caller.mentor_id}&status=scheduled"
        (planned,) = (await world.supervisor.get(of_theirs))["items"]
        path, said = f"supervisions/{planned['id']}", words_of_row("supervision", variant)
        reason = said.pop("mentor_signature_reason", None)
        await world.supervisor.post(f"{path}/held", {"mode": "in_person", **said}, 200)
        if reason is not None:
            refused = {"signature": "refused", "reason": reason}
            await caller.post(f"{path}/signature", refused, 200)
    person_id = world.people["other_mentor"]["id"]
    await world.nurse.post("caseloads", {"person_id": person_id})
    for variant in CANARIES["check_in", "said"]:
        body = {
            "mentor_id": str(world.viewers[Viewer(variant)].mentor_id),
            "limits": ["no_nights"],
            "fitness": "fit_with_limits",
            **words_of_row("check_in", variant),
        }
        await world.supervisor.post("check-ins", body)
    for variant, to in (("clinician", world.nurse), ("support_worker", world.supervisor)):
        duties = await world.governor.get(f"duties?post={variant}&sort=starts_at")
        body = {"duty_id": duties["items"][0]["id"], "to_staff_id": str(to.staff_id)}
        body |= {"concern_ids": [], **words_of_row("handover", variant)}
        await world.viewers[Viewer(variant)].post("handovers", body)
    async with world.home.db.write(HOME) as session:
        await joint_reviews.open_due(session, HOME)
    (review,) = (await world.clinician.get("joint-reviews"))["items"]
    body = {
        "support_worker_id": str(world.support_worker.staff_id),
        "clinician_id": str(world.clinician.staff_id),
        "actions": 2,
        **words_of_row("joint_review", "month"),
    }
    await world.clinician.post(f"joint-reviews/{review['id']}/held", body, 200)


async def _death(world: World) -> None:
    person = await _person(world, "deceased")
    body = {"occurred_at": clock.spell(clock.now()), "source": "healthcare"}
    await world.nurse.post(f"people/{person['id']}/death", body)
    asked = {"kind": "chronology_bundle", "person_id": person["id"]}
    said = words_of_row("release", "bundle")
    made = await world.governor.post("releases", {**asked, **said})
    await world.mental_health_lead.move(f"releases/{made['id']}", "released")


async def _machines(world: World) -> None:
    said = words_of_row("client", "machine")
    scopes = ["concerns.read", "export.identifiable"]
    await world.governor.post("clients", {**said, "scopes": scopes})
    token = world.home.issuer.issue_to_client(said["client_id"], ["concerns.read"])
    world.viewers[V.machine] = Caller(world.home.http, HOME, token, said["client_id"])
    exporter = {"client_id": "exports.home", "name": "Exports", "scopes": ["export.pseudonymised"]}
    await world.governor.post("clients", exporter)
    token = world.home.issuer.issue_to_client("exports.home", ["export.pseudonymised"])
    asked = {"dataset": "sessions", "format": "csv"}
    exporting = Caller(world.home.http, HOME, token, "exports.home")
    await exporting.post("exports/jobs", asked, expect=202)
    revoked = {
        "subject": world.accused_worker.subject,
        "token_id": word("revocation", "token_id", "token"),
        "reason": "precaution",
    }
    await world.governor.post("revocations", revoked)
    world.viewers[V.anonymous] = Caller(world.home.http, HOME, "", "")
    token = world.home.issuer.issue("nobody", ["governor"], [HOME])
    world.viewers[V.nobody] = Caller(world.home.http, HOME, token, "nobody")


async def not_in_place(world: World) -> list[str]:
    """The words that stand in no row of their table and column: planted by mistake elsewhere."""
    missing = []
    for (table, column), some in CANARIES.items():
        texts: list[str] = []
        for prison_id in (HOME, ABROAD):
            async with world.home.db.write(prison_id) as session:
                sql = f'SELECT "{column}"::text AS said FROM "{table}"'
                texts += [str(row.said) for row in await session.execute(text(sql))]
        held = "\n".join(texts)
        missing += [str(each) for each in some.values() if each.word not in held]
    return missing
