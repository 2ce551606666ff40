"""The audit of the dependencies notices what it is there for."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
GOOD = "asyncpg==0.31.0 \\\n    --hash=sha256:ab \\\n    --hash=sha256:cd\n    # via wellwing\n"


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_installed_is_what_is_pinned(audit: ModuleType) -> None:
    assert audit.offline() == []


def test_a_pin_with_hashes_is_good(audit: ModuleType) -> None:
    assert audit.faults("requirements.txt", GOOD) == []
    assert audit.versions(GOOD) == {"asyncpg": "0.31.0"}


@pytest.mark.parametrize(
    "text",
    [
        "asyncpg==0.31.0\n",
        "asyncpg>=0.31 --hash=sha256:ab\n",
        f"--index-url=https://packages.example/simple\n{GOOD}",
        "asyncpg @ https://packages.example/asyncpg.whl --hash=sha256:ab\n",
    ],
)
def test_anything_but_a_pin_with_a_hash_is_a_fault(audit: ModuleType, text: str) -> None:
    assert audit.faults("requirements.txt", text)


def test_a_package_of_another_version_or_none_is_a_difference(audit: ModuleType) -> None:
    pinned, installed = {"a": "1", "b": "1", "c": "1"}, {"a": "1", "b": "2", "d": "1", "pip": "9"}
    assert audit.differences(pinned, installed) == [
        "b: 2 installed, 1 pinned.",
        "c: not installed, 1 pinned.",
        "d: 1 installed, not pinned.",
    ]


def test_a_known_vulnerability_is_told_unless_it_was_accepted(audit: ModuleType) -> None:
    flaw = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2"]}
    packages = [{"name": "a", "version": "1", "vulns": [flaw]}, {"name": "b", "version": "1"}]
    assert audit.vulnerable(packages, set()) == ["a 1: PYSEC-1, mended in 2"]
    assert audit.vulnerable(packages, {"CVE-1"}) == []


def test_every_accepted_vulnerability_has_its_reason() -> None:
    for line in (ROOT / ".ci" / "accepted-vulnerabilities.txt").read_text().splitlines():
        name, _, reason = line.partition("#")
        assert not name.strip() or reason.strip(), line


def test_the_build_runs_the_audit() -> None:
    assert "make --no-print-directory audit" in (ROOT / ".ci" / "run").read_text()
