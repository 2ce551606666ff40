"""HTTP only, one file a noun. Each module's `router` is included here."""

from importlib import import_module

from fastapi import APIRouter

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
    "clients",
    "revocations",
    "tasks",
    "break_glass",
    "legal_holds",
    "releases",
    "audit",
    "subject_access",
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
    return [import_module(f"app.routers.{name}").router for name in names]
