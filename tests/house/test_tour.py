"""The tour tells the whole story, and says so when something is not as told."""

import asyncio
import json
import os
import sys
from pathlib import Path

from app.embedded import EmbeddedPostgres

WALK = "import sys; from app.cli import main; sys.argv[0] = 'wellwing'; main()"
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
    "Three in the morning",
    "What the mentor sees of it, and what not",
    "What is kept in confidence, and who looked",
]


async def walk(var_dir: Path, *options: str) -> tuple[int, str]:
    """Run `wellwing tour --json` and answer its exit code and its last line."""
    environment = {name: value for name, value in os.environ.items() if "DATABASE_URL" not in name}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        WALK,
        "tour",
        "--json",
        *options,
        env={**environment, "WELLWING_VAR_DIR": str(var_dir), "WELLWING_LOG_LEVEL": "ERROR"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode().strip().splitlines()[-1]


async def test_the_tour_tells_the_case_study_to_its_end(
    postgres: EmbeddedPostgres, var_dir: Path
) -> None:
    code, last = await walk(var_dir)
    story = json.loads(last)
    assert (code, story["problem"]) == (0, None)
    told = [line["chapter"] for line in story["lines"]]
    assert list(dict.fromkeys(told)) == CHAPTERS
    night = [line for line in story["lines"] if line["chapter"] == "Three in the morning"]
    assert {"mentor", "clinician", "wing_duty", "governor", "deputy"} <= {
        line["who"] for line in night
    }


async def test_the_tour_stops_where_there_is_no_server(
    postgres: EmbeddedPostgres, var_dir: Path
) -> None:
    code, last = await walk(var_dir, "--base-url", "http://127.0.0.1:9")
    assert code == 1
    assert json.loads(last)["ok"] is False
