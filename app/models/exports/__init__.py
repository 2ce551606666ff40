"""Exports: what a machine client takes away in bulk; coded fields only, never a word of text.

`asked.py` says what may be asked for, `rows.py` what a row of each dataset holds, `dictionary.py`
how that is described, `episodes.py` the episodes as they were exported first.
"""

from app.models.exports.asked import *  # noqa: F403
from app.models.exports.dictionary import *  # noqa: F403
from app.models.exports.episodes import *  # noqa: F403
from app.models.exports.rows import *  # noqa: F403
