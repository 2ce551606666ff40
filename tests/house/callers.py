"""One prison with a row in every table, and a caller for every role: for tests of all routes."""

import re
from dataclasses import dataclass
from typing import Any

from fastapi.routing import RouteContext
from sqlalchemy import text

from app.db import Database
from app.models.base import metadata, new_id
from app.models.clients import ClientScope
from app.models.staff import Role, StaffRole
from tests.house.rows import one_of_each
from tests.security.crawler import PLAIN_PATHS
from tests.story import Caller, Wing

# Texts of which there is a version.
SAID = (
    ("session", "note"),
    ("session", "addendum"),
    ("supervision", "shared_note"),
    ("joint_review", "summary"),
    ("clinical_note", "text"),
    ("safety_item", "text"),
    ("statement", "text"),
    ("character_reference", "text"),
    ("interview", "notes"),
    ("goal", "text"),
)


@dataclass
class Full:
    """A prison where there is one of everything."""

    wing: Wing
    world: dict[str, dict[str, Any]]
    callers: dict[Role, Caller]

    def path(self, route: RouteContext) -> str:
        """The route's path, led to the row of its table."""

        def fill(found: re.Match[str]) -> str:
            name = found[1]
            if name == "prison_id":
                return self.wing.prison_id
            if name in PLAIN_PATHS:
                return PLAIN_PATHS[name][0]
            row = self.world.get(name.removesuffix("_id"), {})
            return str(row["id"]) if name.endswith("_id") and row else "1"

        return re.sub(r"\{(\w+)\}", fill, route.path_format or "")


async def full(wing: Wing, db: Database) -> Full:
    async with db.engine.begin() as connection:
        await connection.execute(text(f"SET LOCAL app.prison_id = '{wing.prison_id}'"))
        world = await one_of_each(connection, wing.prison_id)
        twin = {**world["concern"], "id": new_id(), "reference": "C0000TWN"}  # one like it
        await connection.execute(metadata.tables["concern"].insert().values(twin))
        for row in list(world.values()):
            if "status" in row and "prison_id" in row:
                entry = {**world["history"], "id": new_id(), "thing_id": row["id"]}
                await connection.execute(metadata.tables["history"].insert().values(entry))
        for noun, field in SAID:
            said = {"id": new_id(), "thing_id": world[noun]["id"], "noun": noun, "field": field}
            version = {**world["text_version"], **said}
            await connection.execute(metadata.tables["text_version"].insert().values(version))
        page = {**world["notification"], "id": new_id(), "concern_id": None}
        page["task_id"] = world["task"]["id"]
        await connection.execute(metadata.tables["notification"].insert().values(page))
        carried = {**world["delivery"], "id": new_id(), "notification_id": page["id"]}
        await connection.execute(metadata.tables["delivery"].insert().values(carried))
        world["notification"] = page  # the other one is about the very concern that is theirs
    row = world["staff"]
    body = {"subject": wing.nurse.subject, "token_id": "lost", "reason": "lost_or_stolen"}
    await wing.governor.post("revocations", body)
    token = wing.issuer.issue(row["subject"], [row["role"]], [wing.prison_id])
    worker = Caller(wing.http, wing.prison_id, token, row["subject"], staff_id=row["id"])
    waiting = await wing.referred()
    for to in ("triage", "accepted"):
        await wing.support_worker.move(f"mentees/{waiting['id']}", to)
    applicant = await wing.applicant()
    suspended = await wing.applicant()
    await wing.before_the_governor((await wing.applicant())["id"])
    async with db.write(wing.prison_id) as session:
        await session.execute(
            text("UPDATE mentor SET status = 'suspended' WHERE id = :id"), {"id": suspended["id"]}
        )
    callers = {
        Role.support_worker: worker,
        Role.wing_duty: wing.officer,
        Role.clinician: wing.clinician,
        Role.nurse: wing.nurse,
        Role.mental_health_lead: await wing.hires(StaffRole.mental_health_lead),
        Role.governor: wing.governor,
        Role.mentor: wing.as_person(str(world["person"]["id"]), str(world["mentor"]["id"])),
        Role.applicant: wing.as_person(applicant["person_id"], applicant["id"]),
        Role.suspended_mentor: wing.as_person(suspended["person_id"], suspended["id"]),
        Role.machine: await wing.lets_in(*ClientScope, name=world["export_job"]["subject"]),
    }
    return Full(wing, world, callers)
