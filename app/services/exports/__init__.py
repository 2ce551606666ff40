"""Exports: bulk data for machines, pseudonymised unless two people let names out.

`asked` checks what is wanted, `written` streams it (`writing.py`); `datasets.py` says what there
is, `statement.py` makes the SQL of it, `copying.py` reads it. `episodes.py` are the episodes as
they were exported first.
"""

from app.services.exports.dictionary import dictionary as dictionary
from app.services.exports.dictionary import package as package
from app.services.exports.episodes import age_band as age_band
from app.services.exports.episodes import episodes as episodes
from app.services.exports.episodes import identifiable_episodes as identifiable_episodes
from app.services.exports.episodes import released as released
from app.services.exports.wanted import Told as Told
from app.services.exports.wanted import Wanted as Wanted
from app.services.exports.wanted import asked as asked
from app.services.exports.writing import written as written
