"""Policies as bodies, and one put in force by those who may."""

from typing import Any

from app.models.staff import StaffRole
from app.services.ladders import default_policy
from tests.story import Caller, Wing


def policy(**changes: Any) -> dict[str, Any]:
    """The default's body, changed."""
    return default_policy().to_json() | changes


def step(*targets: str, after: int = 5) -> dict[str, Any]:
    return {"targets": list(targets), "after_minutes": after}


def with_ladder(immediacy: str, *steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
    ladders = default_policy().to_json()["ladders"] | {immediacy: list(steps)}
    return policy(ladders=ladders, **changes)


async def drafts(by: Caller, kind: str | None = None, **changes: Any) -> Any:
    return await by.post("escalation-policies", {"kind": kind, "policy": policy(**changes)})


async def puts_in_force(wing: Wing, body: dict[str, Any], kind: str | None = None) -> Any:
    """Drafted and put in force by the governor, signed off by a mental health lead."""
    lead = await wing.hires(StaffRole.mental_health_lead)
    made = await wing.governor.post("escalation-policies", {"kind": kind, "policy": body})
    path = f"escalation-policies/{made['id']}"
    await lead.move(path, "signed_off")
    return await wing.governor.move(path, "in_force")
