"""Verbs of the story: the people of a wing, doing over HTTP what they do in a day."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app import clock, worker
from app.access import Actor
from app.db import Database
from app.models.placements import HOST_AT_MOST
from app.models.staff import Role, Staff, StaffRole
from app.models.supervisions import SUPERVISION_OPEN
from app.services.mentors.guards import FOUNDERS_AT_MOST
from app.services.working_days import local_date
from app.tokens import DevelopmentIssuer
from tests.before import Before, person_body
from tests.founders import found

_numbers = count(1)
_prisons = count()


def new_prison_id() -> str:
    """A prison that no test has had; each xdist worker has a database of its own."""
    number = next(_prisons)
    return "".join(chr(65 + number // 26**power % 26) for power in (2, 1, 0))


def with_some_others(
    db: Database, wing: "Wing", monkeypatch: pytest.MonkeyPatch, *also: str
) -> None:
    """A round of the worker goes over this prison and ten that stand beside it, not over those of
    every test before; and over `also`."""
    everyone = type(db).prison_ids

    async def some() -> list[str]:
        others = [each for each in await everyone(db) if each != wing.prison_id]
        return sorted({wing.prison_id, *others[:10], *also})

    monkeypatch.setattr(db, "prison_ids", some)


@dataclass
class Caller:
    """Someone with a token, in one prison."""

    http: httpx.AsyncClient
    prison_id: str
    token: str
    subject: str
    staff_id: UUID | None = None
    person_id: UUID | None = None
    mentor_id: UUID | None = None

    def url(self, path: str) -> str:
        return path if path.startswith("/") else f"/v1/prisons/{self.prison_id}/{path}".rstrip("/")

    async def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **kwargs.pop("headers", {})}
        return await self.http.request(method, self.url(path), headers=headers, **kwargs)

    async def get(self, path: str, expect: int = 200, **kwargs: Any) -> Any:
        return _expected(await self.request("GET", path, **kwargs), expect)

    async def post(self, path: str, json: Any = None, expect: int = 201, **kwargs: Any) -> Any:
        return _expected(await self.request("POST", path, json=json, **kwargs), expect)

    async def put(self, path: str, json: Any, expect: int = 200, **kwargs: Any) -> Any:
        """PUT with the ETag of the resource as it stands, unless headers are given."""
        if "headers" not in kwargs:
            kwargs["headers"] = {"If-Match": "*"}
        return _expected(await self.request("PUT", path, json=json, **kwargs), expect)

    async def patch(self, path: str, json: Any, expect: int = 200, **kwargs: Any) -> Any:
        if "headers" not in kwargs:
            kwargs["headers"] = {"If-Match": "*"}
        return _expected(await self.request("PATCH", path, json=json, **kwargs), expect)

    async def move(self, path: str, to: str, expect: int = 200, **body: Any) -> Any:
        return await self.post(f"{path}/moves", {"to": to, **body}, expect)


def _expected(response: httpx.Response, status: int) -> Any:
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
    return response.json() if response.content else None


@dataclass
class Wing:
    """A prison's dedicated wing and everyone who works on it."""

    http: httpx.AsyncClient
    db: Database
    issuer: DevelopmentIssuer
    prison_id: str
    staff: dict[str, Caller] = field(default_factory=dict)
    wing_id: str = ""
    founders: list[Caller] = field(default_factory=list)

    async def open(self) -> None:
        names = ("governor", "support_worker", "clinician", "nurse", "wing_duty")
        everyone = await self.hire(*[(StaffRole(name), None) for name in names])
        self.governor, self.support_worker, self.clinician, self.nurse, self.officer = everyone
        made = await self.support_worker.post(
            "wings", {"code": "D", "name": "Delta", "dedicated": True}
        )
        self.wing_id = made["id"]

    @property
    def before(self) -> Before:
        """The same people, at what they did before the story."""
        callers = {
            Role.governor: self.governor,
            Role.support_worker: self.support_worker,
            Role.clinician: self.clinician,
            Role.nurse: self.nurse,
        }
        staff = {
            role: Actor(self.prison_id, caller.subject, role, staff_id=caller.staff_id)
            for role, caller in callers.items()
        }
        return Before(self.db, self.prison_id, staff)

    async def hires(self, role: StaffRole, subject: str | None = None) -> Caller:
        """A member of staff with a row and a token."""
        return (await self.hire((role, subject)))[0]

    async def hire(self, *wanted: tuple[StaffRole, str | None]) -> list[Caller]:
        """Members of staff, each with a row and a token: in one transaction."""
        rows = []
        for role, name in wanted:
            subject = name or f"{role.value}{next(_numbers)}"
            who = {"subject": subject, "name": subject.title(), "role": role}
            rows.append(Staff(prison_id=self.prison_id, **who))
        async with self.db.write(self.prison_id) as session:
            session.add_all(rows)
        return [
            Caller(
                self.http,
                self.prison_id,
                self.issuer.issue(row.subject, [row.role.value], [self.prison_id]),
                row.subject,
                staff_id=row.id,
            )
            for row in rows
        ]

    async def lets_in(self, *scopes: str, name: str | None = None) -> Caller:
        """A machine client with these scopes in force, and its token."""
        client_id = name or f"machine{next(_numbers)}.{self.prison_id.lower()}"
        body = {"client_id": client_id, "name": "A machine", "scopes": list(scopes)}
        made = await self.governor.post("clients", body)
        if made["pending_scopes"]:
            deputy = await self.hires(StaffRole.governor)
            await deputy.post(f"clients/{made['id']}/confirmation", expect=200)
        token = self.issuer.issue_to_client(client_id, scopes)
        return Caller(self.http, self.prison_id, token, client_id)

    async def person(self, **fields: Any) -> Any:
        """A prisoner entered by a support worker."""
        return await self.support_worker.post("people", person_body(**fields))

    async def presence(self, person_id: str, presence: str) -> None:
        """A prisoner goes, or comes back, as the prison's own documents would tell."""
        change = text("UPDATE person SET presence = :presence WHERE id = :id")
        async with self.db.write(self.prison_id) as session:
            await session.execute(change, {"presence": presence, "id": person_id})

    def as_person(self, person_id: str, mentor_id: str | None = None) -> Caller:
        """A prisoner's own token."""
        subject = f"prisoner-{person_id}"
        token = self.issuer.issue(subject, ["mentor"], [self.prison_id], UUID(person_id))
        return Caller(
            self.http,
            self.prison_id,
            token,
            subject,
            person_id=UUID(person_id),
            mentor_id=UUID(mentor_id) if mentor_id else None,
        )

    async def room(self, name: str = "Quiet room", capacity: int = 12) -> Any:
        body = {"wing_id": self.wing_id, "name": name, "capacity": capacity}
        return await self.support_worker.post("rooms", body)

    async def applicant(self, **fields: Any) -> Any:
        """A person with an application in draft."""
        person = await self.person(**fields)
        body = {"person_id": person["id"], "motivation": "I was helped here."}
        return await self.support_worker.post("mentors", body)

    async def adopts(self) -> None:
        """The site adopts the scheme by the word of three different people."""
        deputy = await self.hires(StaffRole.governor)
        lead = await self.hires(StaffRole.mental_health_lead)
        manager = {"part": "senior_manager", "named_person": "A. Sample, head of safety"}
        for caller, body in (
            (deputy, manager),
            (self.governor, {"part": "governor"}),
            (lead, {"part": "mental_health_lead"}),
        ):
            await caller.post("adoptions", {**body, "scheme_version": "2026-1"})

    async def drafts(self, **fields: Any) -> Any:
        """A campaign in draft, from today for two weeks."""
        today = clock.now().date()
        body = {
            "title": "Mentors for Delta wing",
            "opens_on": str(today),
            "closes_on": str(today + timedelta(days=14)),
            "places": 2,
            **fields,
        }
        return await self.support_worker.post("campaigns", body)

    async def campaign(self, **fields: Any) -> Any:
        """A campaign that is open; the site must have adopted the scheme."""
        drafted = await self.drafts(**fields)
        return await self.support_worker.move(f"campaigns/{drafted['id']}", "open")

    async def answers(self, campaign: Any) -> Any:
        """A person whose application to a campaign waits for the governor, cleared."""
        person = await self.person()
        body = {"person_id": person["id"], "motivation": "I was helped here."}
        mentor = await self.support_worker.post("mentors", {**body, "campaign_id": campaign["id"]})
        await self.before_the_governor(mentor["id"])
        return await self.clears(mentor["id"])

    async def clears(self, mentor_id: str) -> Any:
        """The governor records clearance for two years."""
        today = clock.now().date()
        body = clearance(today, today + timedelta(days=730))
        return await self.governor.put(f"mentors/{mentor_id}/clearance", body)

    async def interviews(self, mentor_id: str, *callers: Caller, **fields: Any) -> list[Any]:
        """Each records an interview of their own; unless told, a support worker and a clinician."""
        body = {
            "mentor_id": mentor_id,
            "held_at": clock.spell(clock.now()),
            "recommendation": "recommended",
            "notes": "Knows why he wants it, and what it costs.",
            **fields,
        }
        both = callers or (self.support_worker, self.clinician)
        return [await caller.post("interviews", body) for caller in both]

    async def before_the_governor(self, mentor_id: str, note: str | None = None) -> Any:
        """An application's way to the governor's review, interviewed by both."""
        path = f"mentors/{mentor_id}"
        await self.support_worker.move(path, "submitted", note=note)
        await self.support_worker.move(path, "screened")
        await self.interviews(mentor_id)
        await self.clinician.move(path, "interviewed")
        return await self.support_worker.move(path, "governor_review")

    async def approve(self, mentor_id: str) -> Any:
        """An application's way from draft to the governor's approval, with two years' clearance."""
        return await self.before.approved(mentor_id)

    async def approved(self) -> Any:
        """A mentor approved by the governor, with current clearance."""
        return await self.before.approved()

    async def trained(self, mentor_id: str) -> None:
        """The nurse takes a mentor through the five modules and signs them off."""
        await self.before.prepared(mentor_id, contracted=False)

    async def contracted(self, mentor_id: str) -> None:
        """The role agreement is signed and a supervisor assigned."""
        await self.before.prepared(mentor_id, trained=False)

    async def host(self) -> Caller:
        """An active mentor whom one more may shadow: a founder where there is one; else one more
        who is active by nothing but this story."""
        for each in self.founders:
            shown = await self.clinician.get(f"mentors/{each.mentor_id}")
            query = f"placements?host_id={each.mentor_id}&status=live"
            hosted = (await self.clinician.get(query))["items"]
            if shown["status"] == "active" and len(hosted) < HOST_AT_MOST:
                return each
        if len(self.founders) < FOUNDERS_AT_MOST:
            return await self.founder()
        made = await self.approved()
        await self.before.prepared(made["id"])
        change = text("UPDATE mentor SET status = 'active' WHERE id = :id")
        async with self.db.write(self.prison_id) as session:
            await session.execute(change, {"id": made["id"]})
        self.founders.append(self.as_person(made["person_id"], made["id"]))
        return self.founders[-1]

    async def placed(self, mentor_id: str, host: Caller | None = None) -> Any:
        """A mentor placed with a host, from today on."""
        host = host or await self.host()
        body = {
            "mentor_id": mentor_id,
            "host_id": str(host.mentor_id),
            "starts_on": str(local_date(clock.now())),
        }
        return await self.support_worker.post("placements", body)

    async def founder(self) -> Caller:
        """An active mentor by the exception for a new site's first two."""
        made = await found(self.before)
        self.founders.append(self.as_person(made.person_id, made.mentor_id))
        return self.founders[-1]

    async def observes(self, mentor_id: str, other_id: str, sessions: int = 6) -> None:
        """A mentor in shadowing observes another's sessions; staff assess the last of them."""
        await self.before.observed(mentor_id, UUID(other_id), sessions)

    async def shadowed(self, host: Caller | None = None) -> Any:
        """A mentor whose three months of shadowing, begun in the past, are over."""
        host = host or await self.host()
        assert host.mentor_id
        offset = clock.offset()
        clock.forward(days=-100)
        try:
            mentor = await self.approved()
            await self.before.placed(mentor["id"], host.mentor_id, shadowing=True)
        finally:
            clock.set_offset(offset)
        return mentor

    async def active_mentor(self) -> Caller:
        """A mentor who is active: the first two as founders, the rest after shadowing one."""
        if len(self.founders) < FOUNDERS_AT_MOST:
            return await self.founder()
        host = await self.host()
        mentor = await self.shadowed(host)
        assert host.mentor_id
        await self.before.activated(mentor["id"], host.mentor_id)
        return self.as_person(mentor["person_id"], mentor["id"])

    async def referred(self, **fields: Any) -> Any:
        """A person referred to the scheme by a support worker."""
        person = await self.person()
        body = {"person_id": person["id"], "referred_by": "support_worker", **fields}
        return await self.support_worker.post("mentees", body)

    async def offered(self, **fields: Any) -> Any:
        """A mentee who was offered support, and neither asked nor checked yet."""
        return await self.before.offered(**fields)

    async def consents(self, mentee_id: str) -> Any:
        """The mentee permits sharing and has understood the explanation."""
        now = str(clock.now())
        body = {
            "permission_to_share_at": now,
            "explained_at": now,
            "explained_version": "2026-1",
            "explained_language": "English",
            "understood": True,
        }
        return await self.support_worker.put(f"mentees/{mentee_id}/consent", body)

    async def checks(self, mentee_id: str, kind: str) -> Any:
        """A check made just now."""
        body = {"kind": kind, "at": str(clock.now())}
        return await self.support_worker.post(f"mentees/{mentee_id}/checks", body)

    async def engaged(self, **fields: Any) -> Any:
        """A mentee in support."""
        return await self.before.engaged(**fields)

    async def disengages(self, mentee_id: str) -> Any:
        """Someone who stays away is sought on two days, and seen to be well, before it ends."""
        await self.checks(mentee_id, "outreach")
        clock.forward(days=1)
        await self.checks(mentee_id, "outreach")
        await self.checks(mentee_id, "welfare")
        return await self.support_worker.move(
            f"mentees/{mentee_id}", "disengaged", reason="no_response"
        )

    async def pairs(self, mentor: Caller, mentee_id: str) -> Any:
        """A support worker brings a mentor and a mentee together."""
        body = {"mentor_id": str(mentor.mentor_id), "mentee_id": mentee_id}
        return await self.support_worker.post("pairings", body)

    async def supervision_of(self, mentor: Caller) -> Any:
        """The mentor's open supervision, as a support worker sees it."""
        items = (await self.support_worker.get(f"supervisions?mentor_id={mentor.mentor_id}"))[
            "items"
        ]
        (planned,) = [each for each in items if each["status"] in SUPERVISION_OPEN]
        return planned

    async def supervises(self, mentor: Caller, **fields: Any) -> Any:
        """A support worker holds the mentor's open supervision."""
        planned = await self.supervision_of(mentor)
        body = {"mode": "in_person", **fields}
        return await self.support_worker.post(f"supervisions/{planned['id']}/held", body, 200)

    async def tidies(self) -> None:
        """A round of the worker's housekeeping."""
        assert await worker.housekeeping(self.db, self.prison_id) == 0


def clearance(valid_from: date, valid_to: date, outcome: str = "cleared") -> dict[str, str]:
    return {"outcome": outcome, "valid_from": str(valid_from), "valid_to": str(valid_to)}
