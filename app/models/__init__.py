"""Tables and shapes, one file a noun. Importing this package registers every table."""

from app.models import (
    concerns,
    duties,
    mentees,
    mentors,
    moves,
    notifications,
    operations,
    outbox,
    pairings,
    people,
    prisons,
    regimes,
    rooms,
    sessions,
    staff,
    trainings,
    wings,
)
from app.models.base import metadata

__all__ = [
    "concerns",
    "duties",
    "mentees",
    "mentors",
    "metadata",
    "moves",
    "notifications",
    "operations",
    "outbox",
    "pairings",
    "people",
    "prisons",
    "regimes",
    "rooms",
    "sessions",
    "staff",
    "trainings",
    "wings",
]
