"""A wing with someone on every post, a mentor, and the worker at hand."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app import clock, worker
from app.integrations.notify.log import LogChannel
from app.models.staff import StaffRole
from tests.story import Caller, Wing


@dataclass
class Night:
    """The wing at night: who is on duty, a mentor, and a worker that sweeps when told."""

    wing: Wing
    mentor: Caller
    deputy: Caller
    sink: Path

    async def sweep(self) -> int:
        """One round of the worker over this prison."""
        taken = await worker.sweep(self.wing.db, self.wing.prison_id)
        await worker.deliver(self.wing.db, self.wing.prison_id, LogChannel(self.sink))
        await worker.pulse(self.wing.db, self.wing.prison_id)
        return taken

    async def passes(self, **parts: float) -> int:
        """Time passes, minute by minute, with the worker sweeping as it does."""
        end = clock.now() + timedelta(**parts)
        taken = 0
        while clock.now() < end:
            clock.forward(seconds=min(60.0, max(0.001, (end - clock.now()).total_seconds())))
            taken += await self.sweep()
        return taken

    async def pages(self, caller: Caller) -> list[Any]:
        items: list[Any] = (await caller.get("notifications"))["items"]
        return items

    async def raises(self, caller: Caller | None = None, **fields: Any) -> Any:
        """A concern raised, by the mentor unless said otherwise."""
        return await (caller or self.mentor).post("concerns", concern(**fields))

    async def closes(self, concern_id: str) -> Any:
        """Everything done and closed, by the clinician and the support worker."""
        path = f"concerns/{concern_id}"
        await self.wing.clinician.post(f"{path}/acknowledgement", {}, 200)
        await self.wing.officer.post(f"{path}/seen", {}, 200)
        await self.wing.clinician.post(
            f"{path}/decision", {"decision": "Support plan.", "acct_decision": "already_open"}, 200
        )
        await self.wing.clinician.post(
            f"{path}/feedback", {"outcome": "acted", "told_by": "N. Mockham"}, 200
        )
        await self.wing.clinician.move(path, "under_review")
        await self.wing.clinician.move(path, "ready_to_close")
        return await self.wing.support_worker.move(path, "closed")


def concern(**fields: Any) -> dict[str, Any]:
    """A concern's body; what is None is left out."""
    body = {
        "immediacy": "now",
        "subject_as_told": "the lad in the end cell",
        "account": "He gave his radio away and would not say why.",
        **fields,
    }
    return {name: value for name, value in body.items() if value is not None}


@pytest.fixture
async def night(wing: Wing, tmp_path: Path) -> Night:
    deputy = await wing.hires(StaffRole.governor)
    for caller, post in (
        (wing.clinician, "clinician"),
        (wing.support_worker, "support_worker"),
        (wing.officer, "orderly_officer"),
        (wing.governor, "duty_governor"),
        (deputy, "last_resort"),
    ):
        await wing.governor.post(
            "duties",
            {
                "staff_id": str(caller.staff_id),
                "post": post,
                "starts_at": clock.spell(clock.now() - timedelta(hours=1)),
            },
        )
    mentor = await wing.active_mentor()
    return Night(wing, mentor, deputy, tmp_path / "pages.ndjson")
