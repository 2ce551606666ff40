"""Where the recorded HMPPS data is, if it is here."""

from pathlib import Path

import pytest

_FOUND = [each / "shared/data/hmpps" for each in Path(__file__).parents]
HMPPS = next((each for each in _FOUND if each.exists()), _FOUND[-1])
recorded = pytest.mark.skipif(not HMPPS.exists(), reason="the recorded HMPPS data is not here")
