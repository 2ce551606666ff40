"""HTTP only, one file a noun. Each module's `router` is included here."""

from collections.abc import Iterator
from importlib import import_module

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope

from app.config import Settings

# Matched in this order: the ones asked most often stand first.
NOUNS = [
    "sessions",
    "concerns",
    "board",
    "series",
    "enrolments",
    "participations",
    "notifications",
    "streams",
    "people",
    "mentors",
    "mentees",
    "pairings",
    "trainings",
    "supervisions",
    "joint_reviews",
    "check_ins",
    "placements",
    "modules",
    "cohorts",
    "clearances",
    "clinical_notes",
    "safety_plans",
    "caseloads",
    "acct_pointers",
    "permissions",
    "profiles",
    "acquaintances",
    "non_associations",
    "prison_events",
    "lockdowns",
    "match_proposals",
    "availabilities",
    "rota_demands",
    "rotas",
    "rota_cover",
    "shifts",
    "on_duty",
    "contact_requests",
    "me",
    "reference",
    "prisons",
    "wings",
    "rooms",
    "room_closures",
    "regimes",
    "regime_exceptions",
    "staff",
    "duties",
    "duty_patterns",
    "escalation_policies",
    "handovers",
    "addresses",
    "deliveries",
    "page_tests",
    "webhooks",
    "clients",
    "revocations",
    "tasks",
    "break_glass",
    "legal_holds",
    "releases",
    "audit",
    "subject_access",
    "export_jobs",
    "exports",
    "wing_places",
    "outreach_visits",
    "efforts",
    "retention",
    "campaigns",
    "statements",
    "character_references",
    "interviews",
    "adoptions",
    "goals",
    "questionnaires",
    "outcome_cohorts",
    "reports",
    "complaints",
    "prints",
    "calendar_feeds",
    "waiting_list",
    "demand",
    "health",
]


def every_router(config: Settings) -> list[APIRouter]:
    """The routers to serve; those of development only where they may exist."""
    names = NOUNS if config.production else [*NOUNS, "development"]
    return [_quick(import_module(f"app.routers.{name}").router) for name in names]


def noun_of(path: str) -> str:
    """What comes after the prison in a path, or first in one that names none."""
    parts = [*path.split("/", 5), ""]
    return parts[4] if len(parts) > 5 and parts[1:3] == ["v1", "prisons"] else parts[1]


def nouns_of(router: APIRouter) -> set[str]:
    """What a path must have there for one of the router's routes to match it."""
    return {noun_of(path) for path in _paths(router)}


def _paths(router: APIRouter) -> Iterator[str]:
    for route in router.routes:
        inner = getattr(route, "original_router", None)  # of a router included in this one
        if isinstance(inner, APIRouter):
            yield from (router.prefix + path for path in _paths(inner))
        else:
            yield getattr(route, "path_format", "/{}")


def _quick(router: APIRouter) -> APIRouter:
    """Lets a router pass over a path that none of its routes can match, without trying each of
    them: some two hundred, otherwise, for every request."""
    nouns = nouns_of(router)
    if not any(noun.startswith("{") for noun in nouns):
        tried = type(router).matches.__get__(router)

        def matches(scope: Scope) -> tuple[Match, Scope]:
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            return tried(scope) if noun_of(path) in nouns else (Match.NONE, {})

        router.matches = matches  # type: ignore[method-assign]
    return router
