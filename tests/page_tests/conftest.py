"""The night of the concerns' tests: somebody is on every post."""

from tests.concerns.conftest import night

__all__ = ["night"]
