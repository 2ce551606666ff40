"""The rota's demand: how many mentors a wing needs, in which role, on which days of the week."""

from enum import StrEnum


class RotaRole(StrEnum):
    """How a mentor serves: on shift is work, on call is standing by."""

    mentor_on_shift = "mentor_on_shift"
    mentor_on_call = "mentor_on_call"
