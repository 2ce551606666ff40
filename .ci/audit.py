"""Audits the dependencies: what is installed is what is pinned, and nothing pinned is known to be
vulnerable. The first needs no network; the second is skipped, and says so, where nobody answers.

Vulnerabilities that were looked at and accepted stand in `.ci/accepted-vulnerabilities.txt`, one id
a line, each with its reason after a `#`.
"""

import json
import re
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RUN, ALL = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
ACCEPTED = ROOT / ".ci" / "accepted-vulnerabilities.txt"
ASK_SECONDS = 300
OURS = {"wellwing", "pip"}  # the one is this project, the other comes with Python
PIN = re.compile(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^\s;]+)")
ORIGIN = re.compile(r"https?://|--(extra-)?index-url|--find-links|--trusted-host")


def entries(text: str) -> list[str]:
    """The entries of a requirements file, each with all its hashes, without remarks."""
    lines = text.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def versions(text: str) -> dict[str, str]:
    """Version by package, as everybody spells its name."""
    pins = [PIN.match(entry) for entry in entries(text)]
    return {_plain(pin[1]): pin[2] for pin in pins if pin}


def faults(name: str, text: str) -> list[str]:
    """What is wrong with a requirements file by itself."""
    found = [f"{name} names where packages come from."] if ORIGIN.search(text) else []
    for entry in entries(text):
        if not PIN.match(entry) or "--hash=sha256:" not in entry:
            found.append(f"{name}: {entry.split()[0]} is not pinned with a hash.")
    return found


def differences(pinned: dict[str, str], installed: dict[str, str]) -> list[str]:
    return [
        f"{each}: {installed.get(each, 'not')} installed, {pinned.get(each, 'not')} pinned."
        for each in sorted((pinned.keys() | installed.keys()) - OURS)
        if pinned.get(each) != installed.get(each)
    ]


def offline() -> list[str]:
    """What is wrong with the pins, and with what is installed."""
    installed = {_plain(each.metadata["Name"]): each.version for each in distributions()}
    wrong = [fault for each in (RUN, ALL) for fault in faults(each.name, each.read_text())]
    wrong += differences(versions(ALL.read_text()), installed)
    checked = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    return wrong + (checked.stdout.splitlines() if checked.returncode else [])


def vulnerable(packages: list[dict[str, Any]], accepted: set[str]) -> list[str]:
    """The known vulnerabilities nobody has accepted, each in a few words."""
    found = []
    for package in packages:
        for each in package.get("vulns", ()):
            if not {each["id"], *each["aliases"]} & accepted:
                fixed = ", ".join(each["fix_versions"]) or "nothing yet"
                name = f"{package['name']} {package['version']}"
                found.append(f"{name}: {each['id']}, mended in {fixed}")
    return found


def ask(pins: dict[str, str]) -> list[dict[str, Any]]:
    """What the service of known vulnerabilities knows of these; nothing when it does not answer."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{name}=={version}\n" for name, version in pins.items())
        file.flush()
        asked = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off"]
        asked += ["--no-deps", "--disable-pip", "--timeout=5", f"--requirement={file.name}"]
        try:
            done = subprocess.run(
                asked, capture_output=True, text=True, timeout=ASK_SECONDS, check=False
            )
            packages = json.loads(done.stdout)["dependencies"]
        except (subprocess.TimeoutExpired, ValueError, KeyError):
            return []
    return [each for each in packages if "skip_reason" not in each]


def main() -> int:
    """Say what is wrong; 1 when something is."""
    wrong = offline()
    print("Pins:", "; ".join(wrong) or "what is installed is what is pinned, all with hashes.")
    pins = versions(ALL.read_text())
    if not ask(dict(list(pins.items())[:1])):
        print("Known vulnerabilities: skipped, for their service does not answer here.")
        return 1 if wrong else 0
    known = ask(pins)
    lines = ACCEPTED.read_text().splitlines() if ACCEPTED.exists() else []
    found = vulnerable(known, {line.split("#")[0].strip() for line in lines} - {""})
    told = "; ".join(found) or f"none in the {len(known)} of {len(pins)} packages it knows."
    print("Known vulnerabilities:", told)
    return 1 if wrong or found else 0


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
