"""Concerns: the tables (`tables.py`) and what each audience sends and sees (`shapes.py`)."""

from app.models.concerns.shapes import *  # noqa: F403
from app.models.concerns.tables import *  # noqa: F403
