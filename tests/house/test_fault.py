"""The fault test's own verdict: it fails on any harm, and when there was nothing to be harmed."""

import pytest

from benchmarks.fault.__main__ import HARM, harmed

WELL: dict[str, object] = {"kills": 3, "acknowledged": 10, **dict.fromkeys(HARM, 0)}


def test_a_run_without_harm_passes() -> None:
    assert not harmed(WELL)


@pytest.mark.parametrize("name", HARM)
def test_any_harm_fails_the_run(name: str) -> None:
    assert harmed({**WELL, name: 1})


@pytest.mark.parametrize("name", ["kills", "acknowledged"])
def test_a_run_that_tried_nothing_fails(name: str) -> None:
    assert harmed({**WELL, name: 0})
