"""Concerns: the tables (`tables.py`), what each audience sends and sees (`shapes.py`, `acts.py`),
and figures of a period (`figures.py`)."""

from app.models.concerns.acts import *  # noqa: F403
from app.models.concerns.batch import *  # noqa: F403
from app.models.concerns.figures import *  # noqa: F403
from app.models.concerns.reading import *  # noqa: F403
from app.models.concerns.shapes import *  # noqa: F403
from app.models.concerns.tables import *  # noqa: F403
