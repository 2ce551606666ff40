"""Pages come of concerns: the same night as theirs."""

from tests.concerns.conftest import night

__all__ = ["night"]
