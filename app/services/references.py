"""References: they tell nothing of what they stand for, and can be read out over a radio."""

import secrets

_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new(first: str) -> str:
    """A new reference beginning with the letter that says what kind of thing it is."""
    return first + "".join(secrets.choice(_LETTERS) for _ in range(7))
