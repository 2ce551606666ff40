"""Verbs of the story: the people of a wing, doing over HTTP what they do in a day."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx

from app import clock
from app.db import Database
from app.models.staff import Staff, StaffRole
from app.tokens import DevelopmentIssuer

_numbers = count(1)


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
        return path if path.startswith("/") else f"/v1/prisons/{self.prison_id}/{path}"

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

    async def open(self) -> None:
        self.governor = await self.hires(StaffRole.governor)
        self.support_worker = await self.hires(StaffRole.support_worker)
        self.clinician = await self.hires(StaffRole.clinician)
        self.nurse = await self.hires(StaffRole.nurse)
        self.officer = await self.hires(StaffRole.wing_duty)
        made = await self.support_worker.post(
            "wings", {"code": "D", "name": "Delta", "dedicated": True}
        )
        self.wing_id = made["id"]

    async def hires(self, role: StaffRole, subject: str | None = None) -> Caller:
        """A member of staff with a row and a token."""
        subject = subject or f"{role.value}{next(_numbers)}"
        row = Staff(prison_id=self.prison_id, subject=subject, name=subject.title(), role=role)
        async with self.db.write(self.prison_id) as session:
            session.add(row)
        token = self.issuer.issue(subject, [role.value], [self.prison_id])
        return Caller(self.http, self.prison_id, token, subject, staff_id=row.id)

    async def person(self, **fields: Any) -> Any:
        """A prisoner entered by a support worker."""
        number = next(_numbers)
        body = {
            "number": f"T{number % 10000:04}{chr(65 + number // 10000 % 26)}Q",
            "first_name": "Jo",
            "last_name": f"Sampleford{number}",
            "date_of_birth": "1990-02-28",
            "cell_location": "D-2-014",
            **fields,
        }
        return await self.support_worker.post("people", body)

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
        return await self.support_worker.post("mentors", {"person_id": person["id"]})

    async def approved(self) -> Any:
        """A mentor approved by the governor, with current clearance."""
        mentor = await self.applicant()
        path = f"mentors/{mentor['id']}"
        await self.support_worker.move(path, "submitted")
        await self.support_worker.move(path, "screened")
        await self.clinician.move(path, "interviewed")
        await self.support_worker.move(path, "governor_review")
        today = clock.now().date()
        until = today + timedelta(days=730)
        await self.governor.put(f"{path}/clearance", clearance(today, until))
        return await self.governor.move(path, "approved_conditionally")

    async def active_mentor(self) -> Caller:
        """A mentor who is active: set in the database, as a founding mentor's past would be."""
        mentor = await self.approved()
        async with self.db.write(self.prison_id) as session:
            from sqlalchemy import text

            await session.execute(
                text("UPDATE mentor SET status = 'active' WHERE id = :id"), {"id": mentor["id"]}
            )
        return self.as_person(mentor["person_id"], mentor["id"])


def clearance(valid_from: date, valid_to: date, outcome: str = "cleared") -> dict[str, str]:
    return {"outcome": outcome, "valid_from": str(valid_from), "valid_to": str(valid_to)}
