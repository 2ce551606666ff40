"""HTTP only, one file a noun. Each module's `router` is included here."""

from importlib import import_module

from fastapi import APIRouter

from app.config import Settings

# Matched in this order: the ones asked most often stand first.
NOUNS = [
    "sessions",
    "concerns",
    "notifications",
    "people",
    "mentors",
    "mentees",
    "pairings",
    "trainings",
    "me",
    "reference",
    "prisons",
    "wings",
    "rooms",
    "regimes",
    "staff",
    "duties",
    "health",
]


def every_router(config: Settings) -> list[APIRouter]:
    """The routers to serve; those of development only where they may exist."""
    names = NOUNS if config.production else [*NOUNS, "development"]
    return [import_module(f"app.routers.{name}").router for name in names]
