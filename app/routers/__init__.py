"""HTTP only, one file a noun. Each module's `router` is included here."""

from importlib import import_module

from fastapi import APIRouter

from app.config import Settings

NOUNS = [
    "me",
    "reference",
    "prisons",
    "wings",
    "rooms",
    "regimes",
    "people",
    "staff",
    "duties",
    "mentors",
    "trainings",
    "mentees",
    "pairings",
    "sessions",
    "concerns",
    "notifications",
    "health",
]


def every_router(config: Settings) -> list[APIRouter]:
    """The routers to serve; those of development only where they may exist."""
    names = NOUNS if config.production else [*NOUNS, "development"]
    from importlib.util import find_spec

    return [
        import_module(f"app.routers.{name}").router
        for name in names
        if find_spec(f"app.routers.{name}")
    ]
