"""The fault test: its verdict, what its checker sees, and a short run of it."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from benchmarks.fault import controls, nemesis, power
from benchmarks.fault.__main__ import HARM, Load, attempt, harmed, running
from benchmarks.fault.checker import Held, check
from benchmarks.fault.clients import History, Told
from benchmarks.fault.system import DISKS, Parts, System

WELL: dict[str, object] = {"kills": 3, "acknowledged": 10, **dict.fromkeys(HARM, 0)}
SECONDS = 7.0
SEED = 1513  # a worker killed, the power cut, an API's line half-open, the writers' line silent
SHORT = Load(SECONDS, writers=4, pace=0.2)


def test_a_run_without_harm_passes() -> None:
    assert not harmed(WELL)


@pytest.mark.parametrize("name", HARM)
def test_any_harm_fails_the_run(name: str) -> None:
    assert harmed({**WELL, name: 1})


@pytest.mark.parametrize("name", ["kills", "acknowledged"])
def test_a_run_that_tried_nothing_fails(name: str) -> None:
    assert harmed({**WELL, name: 0})


def told() -> History:
    return History({"a": Told("CAAA", "key=a;", 0.0), "b": Told("CBBB", "key=b;", 1.0)})


def line(page: str, reference: str, second: int = 2) -> str:
    text = f"FLT: a concern needs you, reference {reference}, call 01632 960000."
    return json.dumps({"id": page, "text": text, "at": f"1970-01-01T00:00:{second:02}+00:00"})


def held() -> Held:
    concerns = [("CAAA", "key=a;"), ("CBBB", "key=b;")]
    return Held(concerns, ["1", "2"], [line("1", "CAAA"), line("2", "CBBB", 5)])


def test_the_checker_is_content_with_what_is_well() -> None:
    found = check(told(), held())
    assert not harmed({"kills": 1, **found})
    assert (found["p50_s"], found["worst_s"]) == (4.0, 4.0)


@pytest.mark.parametrize(
    ("harm", "concerns"),
    [
        ("lost", [("CAAA", "key=a;")]),
        ("lost", [("CAAA", "key=a;"), ("CBBB", "key=other words;")]),
        ("doubled", [("CAAA", "key=a;"), ("CBBB", "key=b;"), ("CCCC", "key=b;")]),
        ("never_notified", [("CAAA", "key=a;"), ("CBBB", "key=b;"), ("CCCC", "key=c;")]),
    ],
)
def test_the_checker_sees_what_is_lost_doubled_or_never_paged(
    harm: str, concerns: list[tuple[str, str]]
) -> None:
    found = check(told(), Held(concerns, held().pages, held().lines))
    assert found[harm] == 1


@pytest.mark.parametrize(
    ("harm", "lines"),
    [
        ("pages_lost", [line("1", "CAAA"), line("3", "CBBB")]),
        ("pages_untrue", [*held().lines, line("3", "CAAA")]),
        ("pages_torn", [*held().lines, '{"id":"2","te']),
        ("notified_twice", [*held().lines, line("2", "CBBB")]),
    ],
)
def test_the_checker_sees_what_became_of_each_page(harm: str, lines: list[str]) -> None:
    assert check(told(), Held(held().concerns, held().pages, lines))[harm] == 1


def test_who_asks_again_and_is_told_of_another_concern_is_told_of_a_double() -> None:
    history = told()
    history.otherwise.append("a")
    assert check(history, held())["doubled"] == 1


def test_half_a_minute_without_an_answer_is_forgiven_to_whoever_was_in_trouble() -> None:
    history = told()
    history.waits += [("api-1", 100.0, 140.0), ("api-2", 100.0, 140.0)]
    found = held()
    found.disturbed = [("api-1", 120.0, 121.0)]
    assert check(history, found)["kept_waiting"] == 1


def test_the_same_seed_does_the_same_at_the_same_times() -> None:
    parts = Parts.of_each(2, DISKS)
    first = nemesis.plan(7, 600, parts)
    assert first == nemesis.plan(7, 600, parts)
    assert first != nemesis.plan(8, 600, parts)
    everything = {(act.kind, act.target) for strand in first for act in strand}
    assert {target for _, target in everything} >= {"postgres", *parts.processes, *DISKS}
    assert {kind for kind, _ in everything} >= {*nemesis.POSTGRES, *nemesis.TROUBLES, "freeze"}


def test_a_power_cut_takes_what_was_not_flushed_and_nothing_else(tmp_path: Path) -> None:
    names = ["00000001" + f"{high:08X}{low:08X}" for high, low in ((0, 255), (1, 0), (1, 1))]
    for name in (*names, "00000002.history"):
        (tmp_path / name).write_bytes(b"x" * 3 * power.PAGE)
    power.wipe(tmp_path, 256 * power.SEGMENT + 100)  # the first segment of the second 4 GB
    before, cut, after = [(tmp_path / name).read_bytes() for name in names]
    assert before == b"x" * 3 * power.PAGE
    assert cut == b"x" * 100 + bytes(3 * power.PAGE - 100)
    assert after == bytes(power.PAGE) + b"x" * 2 * power.PAGE
    assert (tmp_path / "00000002.history").read_bytes().strip(b"x") == b""


@pytest.fixture
async def system() -> AsyncIterator[System]:
    with tempfile.TemporaryDirectory(prefix="wellwing-fault-") as folder:
        made = System(Path(folder), Parts.of_each(1))
        async with running(made):
            yield made


async def test_nothing_is_lost_in_a_short_run_and_without_the_outbox_the_check_fails(
    system: System,
) -> None:
    acts = nemesis.plan(SEED, SECONDS, system.parts)
    found = await attempt(system, SEED, SHORT, acts)
    assert not harmed(found), found
    assert found["kills"] == 2

    async with asyncio.timeout(20):
        await controls.take_away(system, "outbox")
    short = Load(2, SHORT.writers, SHORT.pace)
    found = await attempt(system, SEED + 1, short, [[nemesis.Act(1, "backend", "postgres")]])
    assert harmed(found)
    assert found["lost"] == found["doubled"] == 0
    assert found["never_notified"]
