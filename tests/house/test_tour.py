"""The tour tells the whole story, and says so when something is not as told."""

import json
import subprocess
from pathlib import Path

from app.embedded import EmbeddedPostgres
from tests.house.test_cli import WELLWING, Command, bare_environment, wellwing

__all__ = ["wellwing"]
CHAPTERS = [
    "A wing opens",
    "People arrive, as HMPPS sends them",
    "The site takes the scheme on, and calls for mentors",
    "From application to approval",
    "Three months' shadowing, five modules, active",
    "A mentee is referred, triaged and paired",
    "A one-to-one, a group, and a clash",
    "A lockdown, and what it took",
    "A course of four meetings, one place, and a change",
    "A week of running it",
    "Nights that somebody covers, and the one that nobody does",
    "A man who cannot sleep",
    "What hangs on the wall, and what lies in a calendar",
    "Who would be called, agreed by two and rehearsed",
    "Three in the morning",
    "What the mentor sees of it, and what not",
    "A page that arrives, and one that does not",
    "A screen that tells at once, and an inbox",
    "The shift changes",
    "Two hours without a network",
    "A man is moved on in the middle",
    "How soon people came",
    "What is kept in confidence, and who looked",
    "What became of people, counted",
    "What happened in lives, and what people think of it",
    "What goes out, and of whom it tells nothing",
]


def test_the_tour_tells_the_case_study_to_its_end(tmp_path: Path) -> None:
    """On a server and a database of its own, whatever the settings say of a port."""
    var_dir = tmp_path / "var"
    done = subprocess.run(
        [WELLWING, "tour", "--json"],
        env=bare_environment(WELLWING_VAR_DIR=var_dir, PORT=1),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    story = json.loads(done.stdout.splitlines()[-1])
    assert story["problem"] is None
    told = [line["chapter"] for line in story["lines"]]
    assert list(dict.fromkeys(told)) == CHAPTERS
    night = [line for line in story["lines"] if line["chapter"] == "Three in the morning"]
    assert {"mentor", "clinician", "wing_duty", "governor", "deputy"} <= {
        line["who"] for line in night
    }
    assert not EmbeddedPostgres(var_dir).running()


def test_the_tour_stops_where_there_is_no_server(wellwing: Command) -> None:
    done = wellwing("tour", "--json", "--base-url", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert json.loads(done.stdout.splitlines()[-1])["ok"] is False
