"""The people of the tour, their tokens, and the place they work in."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

import httpx

from app.clock import real_now, spell
from app.integrations.prison import synthetic
from app.tour.phones import Phones
from app.tour.teller import Character, NotAsTold, Teller, Watch, check

PRISON = "SLI"
STAFF = ("support_worker", "clinician", "nurse", "wing_duty")
POSTS = {
    "clinician": "clinician",
    "support_worker": "support_worker",
    "orderly_officer": "wing_duty",
    "duty_governor": "governor",
    "last_resort": "deputy",
}


@dataclass
class Cast:
    """Everyone and everything of the story."""

    http: httpx.AsyncClient
    teller: Teller
    watch: Watch
    run: str = ""
    phones: Phones | None = None
    people: list[Any] = field(default_factory=list)
    documents: list[Any] = field(default_factory=list)
    rooms: list[Any] = field(default_factory=list)
    everyone: dict[str, Character] = field(default_factory=dict)
    mentor_id: str = ""
    shadowed_id: str = ""
    mentee_id: str = ""
    campaign_id: str = ""

    def __getattr__(self, name: str) -> Character:
        try:
            return self.everyone[name]
        except KeyError:
            raise AttributeError(name) from None

    @classmethod
    async def gather(
        cls, http: httpx.AsyncClient, teller: Teller, phones: Phones | None = None
    ) -> Self:
        """Bring staff, wing, rooms and duties together."""
        teller.begin("A wing opens")
        cast = cls(http, teller, Watch(real_now().astimezone()), phones=phones)
        await cast.forward()
        cast.run = f"{int(cast.watch.now.timestamp()):x}"
        cast.everyone["governor"] = await cast._token(
            "governor", "governor", f"governor.{PRISON.lower()}"
        )
        me = await cast.governor.asks("shows the token at the door", "/v1/me")
        mine = [each for each in me["prisons"] if each["prison_id"] == PRISON]
        check(mine and mine[0]["role"] == "governor", "the governor is governor of SLI")
        cast.governor.staff_id = mine[0]["staff_id"]
        for role in STAFF:
            await cast._hire(role, role)
        await cast._hire("deputy", "governor")
        lead = await cast._token(
            "lead", "mental_health_lead", f"mental-health-lead.{PRISON.lower()}"
        )
        path = f"staff/{cast.deputy.staff_id}/confirmation"
        await lead.sends("confirms the second governor", path, {}, 200)
        cast.everyone["lead"] = lead
        await cast._build()
        for post, who in POSTS.items():
            body = {
                "staff_id": cast.everyone[who].staff_id,
                "post": post,
                "starts_at": spell(cast.watch.now - timedelta(minutes=1)),
            }
            await cast.governor.sends(f"puts the {who} on duty as {post}", "duties", body)
        await cast._relieve()
        return cast

    async def _relieve(self) -> None:
        """Whoever was the last resort before is none any more: one person is paged as such."""
        now = spell(self.watch.now)
        asked = f"duties?post=last_resort&at={now.replace('+00:00', 'Z')}"
        for duty in (await self.governor.asks("", asked))["items"]:
            if duty["staff_id"] != self.deputy.staff_id:
                path = f"duties/{duty['id']}"
                await self.governor.does("", "PATCH", path, {"ends_at": now}, match="*")

    async def _token(self, name: str, role: str, subject: str, person: str = "") -> Character:
        body = {"subject": subject, "role": role, "prison_ids": [PRISON]}
        if person:
            body["person_id"] = person
        answer = await self.http.post("/development/tokens", json=body)
        if answer.status_code != 200:
            raise NotAsTold(f"no development token: {answer.status_code}")
        token = answer.json()["access_token"]
        return Character(
            self.http, self.teller, name, subject, token, PRISON, self.watch, person_id=person
        )

    async def _hire(self, name: str, role: str) -> None:
        subject = f"{name}.{self.run}"
        body = {"subject": subject, "name": f"{name.replace('_', ' ').title()} {self.run}"}
        made = await self.governor.sends(f"takes on a {role}", "staff", {**body, "role": role})
        self.everyone[name] = await self._token(name, role, subject)
        self.everyone[name].staff_id = made["id"]

    async def prisoner(self, name: str, person_id: str) -> Character:
        """A prisoner's own token."""
        self.everyone[name] = await self._token(name, "mentor", f"{name}.{self.run}", person_id)
        return self.everyone[name]

    async def machine(self, name: str, *scopes: str) -> Character:
        """A program that the governor lets in, with a token of its own."""
        client_id = f"{name}.{self.run}"
        body = {"client_id": client_id, "name": name.title(), "scopes": list(scopes)}
        await self.governor.sends(f"lets the {name} in", "clients", body)
        asked = {"client_id": client_id, "scopes": list(scopes)}
        answer = await self.http.post("/development/tokens", json=asked)
        check(answer.status_code == 200, "a machine has a token of its own")
        token = answer.json()["access_token"]
        return Character(self.http, self.teller, name, client_id, token, PRISON, self.watch)

    async def _build(self) -> None:
        worker = self.support_worker
        reach = {"outside_last_resort": "Regional duty desk", "call_back_number": "01632 960000"}
        said = "names a last resort outside, and the number to call"
        await self.governor.does(said, "PATCH", "", reach, match="*")
        code = f"T{self.run.upper()}"
        wing = {"code": code, "name": "Tour wing", "dedicated": True}
        made = await worker.sends("opens a dedicated wing", "wings", wing)
        for name, capacity in (("Quiet room", 3), ("Group room", 12)):
            room = {"wing_id": made["id"], "name": name, "capacity": capacity}
            self.rooms.append(await worker.sends(f"adds the {name.lower()}", "rooms", room))

    async def new_people(self, count: int) -> Any:
        """Synthetic HMPPS documents of people whom this prison does not know yet."""
        for start in range(2000, 200_000, 100):
            page = synthetic.page(count, start=start)
            number = page["content"][0]["prisonerNumber"]
            found = await self.support_worker.asks("", f"people?number={number}")
            if not found["items"]:
                return page
        raise NotAsTold("there are no unknown synthetic people left")

    async def forward(self, **parts: float) -> None:
        """Move the server's time forward, and the watch with it."""
        seconds = timedelta(**parts).total_seconds()
        answer = await self.http.post("/development/clock", json={"forward_seconds": seconds})
        if answer.status_code != 200:
            raise NotAsTold(f"the clock cannot be moved here: {answer.status_code}")
        self.watch.now = datetime.fromisoformat(answer.json()["now"])
