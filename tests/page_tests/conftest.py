"""The night of the concerns' tests: somebody is on every post."""

from tests.concerns.conftest import night
from tests.deliveries.conftest import texts_and_mail

__all__ = ["night", "texts_and_mail"]
