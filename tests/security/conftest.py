"""The night wing of the concerns' tests, for whoever wants to break it."""

from tests.concerns.conftest import night

__all__ = ["night"]
