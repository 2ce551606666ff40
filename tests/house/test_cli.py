"""The `wellwing` command, as a process of its own against a real database."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI

from app.config import DEVELOPMENT_KEY, Settings
from app.db import Database
from app.embedded import EmbeddedPostgres
from app.integrations.prison import synthetic
from app.tokens import SUBJECT_ACCESS
from tests.house.commands import Commands
from tests.story import Wing

WELLWING = str(Path(sys.executable).with_name("wellwing"))
PRODUCTION = {
    "WELLWING_ENVIRONMENT": "production",
    "WELLWING_SECRET_KEY": "a key that is long enough for a test of this",
    "WELLWING_SIGNING_KEY": Ed25519PrivateKey.generate()
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode(),
    "WELLWING_DEVELOPMENT_ISSUER": "false",
    "WELLWING_TOKEN_ISSUER": "https://issuer.invalid",
    "WELLWING_JWKS_URL": "https://issuer.invalid/jwks.json",
    "WELLWING_NOTIFY_API_KEY": f"pages-{uuid4()}-{uuid4()}",
    "WELLWING_NOTIFY_URL": "https://notify.invalid",
    "WELLWING_NOTIFY_SMS_TEMPLATE": str(uuid4()),
    "WELLWING_NOTIFY_CALLBACK_SECRET": "what Notify says to be believed",
    "WELLWING_LAST_RESORT": "+447700900999",
}
Command = Callable[..., "subprocess.CompletedProcess[str]"]


def bare_environment(**settings: object) -> dict[str, str]:
    """The environment without anyone's settings, and with these."""
    ours = ("WELLWING_", "DATABASE_URL", "PORT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    given = {name: str(value) for name, value in settings.items() if value is not None}
    return kept | given


@pytest.fixture
def wellwing(settings: Settings, tmp_path: Path, commands: Commands) -> Command:
    """Runs the command on the tests' database; keywords are settings."""

    def run(*arguments: str, **changed: object) -> "subprocess.CompletedProcess[str]":
        environment = {
            "WELLWING_DATABASE_URL": settings.database_url,
            "WELLWING_OWNER_DATABASE_URL": settings.owner_database_url,
            "WELLWING_VAR_DIR": settings.var_dir,
            "COLUMNS": 200,
        }
        return commands.run(arguments, bare_environment(**environment | changed), tmp_path)

    return run


def refusal(done: "subprocess.CompletedProcess[str]") -> str:
    """The one sentence with which the command refused."""
    assert done.returncode == 1, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.endswith(" ...")]
    assert len(lines) == 1, done.stderr
    assert lines[0].endswith(".")
    return lines[0]


async def test_a_token_is_all_that_is_printed_and_the_api_takes_it(
    wellwing: Command, app: FastAPI
) -> None:
    done = wellwing("token", "--role", "wing_duty", "--prison", "SLI", "--prison", "LEI")
    (token,) = done.stdout.splitlines()
    claims = await app.state.verifier.verify(token)
    assert claims.subject == "wing-duty.sli"
    assert claims.roles == {"wing_duty"}
    assert claims.prisons == {"SLI", "LEI"}


async def test_a_mentors_token_carries_their_person(wellwing: Command, app: FastAPI) -> None:
    person, mentor = str(uuid4()), ("token", "--role", "mentor", "--prison", "SLI")
    assert "--person" in refusal(wellwing(*mentor))
    claims = await app.state.verifier.verify(wellwing(*mentor, "--person", person).stdout.strip())
    assert str(claims.person_id) == person


async def test_a_machines_token_asks_for_subject_access_where_it_is_told(
    wellwing: Command, app: FastAPI
) -> None:
    asked = ("token", "--client", "sar.hmpps", "--subject-access")
    claims = await app.state.verifier.verify(wellwing(*asked).stdout.strip())
    assert claims.machine
    assert SUBJECT_ACCESS in claims.roles
    plain = await app.state.verifier.verify(wellwing(*asked[:3]).stdout.strip())
    assert SUBJECT_ACCESS not in plain.roles
    person = ("token", "--role", "nurse", "--prison", "SLI", "--subject-access")
    assert "--client" in refusal(wellwing(*person))


def test_the_script_itself_says_the_same_as_its_fork(
    wellwing: Command, settings: Settings, tmp_path: Path
) -> None:
    words = ("token", "--role", "officer", "--prison", "SLI")
    environment = bare_environment(WELLWING_VAR_DIR=settings.var_dir, COLUMNS=200)
    itself = subprocess.run(
        [WELLWING, *words], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    forked = wellwing(*words)
    for name in ("returncode", "stdout", "stderr"):
        assert getattr(itself, name) == getattr(forked, name)


def test_a_role_or_prison_that_cannot_be_is_refused(wellwing: Command) -> None:
    assert wellwing("token", "--role", "officer", "--prison", "SLI").returncode == 2
    assert "three capitals" in refusal(wellwing("token", "--role", "nurse", "--prison", "sli"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "--role", "nurse", "--prison", "SLI"),
        ("clock", "forward", "--hours", "1"),
    ],
)
def test_production_has_no_tools_of_development(
    wellwing: Command, arguments: tuple[str, ...]
) -> None:
    assert "only in development" in refusal(wellwing(*arguments, **PRODUCTION))


@pytest.mark.parametrize(
    ("command", "changed", "told"),
    [
        ("serve", {"WELLWING_SECRET_KEY": DEVELOPMENT_KEY}, "development key"),
        ("run", {"WELLWING_SECRET_KEY": "short"}, "at least 32 characters"),
        ("serve", {"WELLWING_SIGNING_KEY": ""}, "Ed25519"),
        ("worker", {"WELLWING_DEVELOPMENT_ISSUER": "true"}, "development issuer"),
        ("serve", {"WELLWING_TOKEN_ISSUER": None}, "development issuer"),
        ("serve", {"WELLWING_JWKS_URL": "http://issuer.invalid/jwks.json"}, "https"),
        ("run", {"WELLWING_DATABASE_URL": None}, "embedded PostgreSQL"),
    ],
)
def test_production_refuses_what_belongs_to_development(
    wellwing: Command, command: str, changed: dict[str, Any], told: str
) -> None:
    assert told in refusal(wellwing(command, **PRODUCTION | changed))


@pytest.mark.parametrize("command", ["serve", "run", "migrate"])
def test_a_database_out_of_reach_is_one_sentence_without_its_password(
    wellwing: Command, command: str
) -> None:
    url = "postgresql://someone:secret@127.0.0.1:1/wellwing"
    plain = {"WELLWING_DATABASE_URL": None, "WELLWING_OWNER_DATABASE_URL": None, "PORT": 0}
    told = refusal(wellwing(command, DATABASE_URL=url, **plain))
    assert "127.0.0.1:1 cannot be reached" in told
    assert "secret" not in told


def test_an_address_that_is_none_of_postgresql_is_refused(wellwing: Command) -> None:
    assert "must be postgresql://" in refusal(
        wellwing("health", WELLWING_DATABASE_URL="mysql://x/y")
    )


def test_a_database_without_tables_says_what_to_do(
    wellwing: Command, postgres: EmbeddedPostgres
) -> None:
    postgres.ensure_database("bare")
    bare: dict[str, Any] = {"WELLWING_DATABASE_URL": postgres.application_url("bare"), "PORT": 0}
    assert "wellwing migrate" in refusal(wellwing("serve", **bare))
    done = wellwing("migrate", WELLWING_OWNER_DATABASE_URL=postgres.owner_url("bare"), **bare)
    assert done.returncode == 0
    assert wellwing("health", **bare).returncode == 0, "no prison, so none is left unswept"


def test_a_superuser_is_refused(
    wellwing: Command, postgres: EmbeddedPostgres, database_name: str
) -> None:
    url = postgres.superuser_url(database_name)
    assert "superuser" in refusal(wellwing("serve", WELLWING_DATABASE_URL=url, PORT=0))


def test_provisioning_can_be_repeated(wellwing: Command, postgres: EmbeddedPostgres) -> None:
    provision = ("database", "provision", "--database", "provisioned")
    url = {"WELLWING_SUPERUSER_URL": postgres.superuser_url("postgres")}
    assert wellwing(*provision, **url).returncode == 0
    assert wellwing(*provision, **url).returncode == 0
    assert wellwing(*provision, **url, WELLWING_APP_PASSWORD="no\nlines").returncode == 2


def test_wrong_settings_name_the_variable(wellwing: Command) -> None:
    assert "PORT" in refusal(wellwing("serve", PORT="eight"))
    assert "SWEEP_SECONDS" in refusal(wellwing("worker", WELLWING_SWEEP_SECONDS="0"))
    assert "Cannot listen" in refusal(wellwing("serve", WELLWING_LISTEN="nowhere.invalid"))


def test_a_taken_port_is_told_before_anything_starts(wellwing: Command, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for command in ("serve", "run"):
            told = refusal(wellwing(command, PORT=port, WELLWING_VAR_DIR=tmp_path / "var"))
            assert f"port {port} of 127.0.0.1: it is taken" in told
    assert not (tmp_path / "var").exists()


def test_a_folder_that_cannot_be_used_is_told(wellwing: Command, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    unusable: dict[str, Any] = {"WELLWING_VAR_DIR": in_the_way, "PORT": 0}
    told = refusal(wellwing("run", WELLWING_DATABASE_URL=None, **unusable))
    assert str(in_the_way) in told
    assert str(in_the_way) in refusal(
        wellwing("token", "--role", "nurse", "--prison", "SLI", **unusable)
    )


async def test_a_prison_is_opened_once_with_its_governor_and_staff(
    wellwing: Command, db: Database
) -> None:
    opening = ("prison", "open", "ZZO", "--name", "HMP Opened", "--governor-subject", "gov")
    assert "opened and governor gov added" in wellwing(*opening).stderr
    assert "was open already" in wellwing(*opening).stderr
    nurse = ("staff", "add", "--prison", "ZZO", "--subject", "n", "--name", "N. Mockham")
    assert wellwing(*nurse, "--role", "nurse").returncode == 0
    assert "already" in wellwing(*nurse, "--role", "nurse").stderr
    assert "n is nurse in ZZO" in refusal(wellwing(*nurse, "--role", "governor"))
    rows = await db.fetch("ZZO", "SELECT subject, role FROM staff ORDER BY role")
    assert [tuple(row) for row in rows] == [("gov", "governor"), ("n", "nurse")]
    elsewhere = ("staff", "add", "--prison", "ZZN", "--subject", "n", "--name", "N. Mockham")
    assert "wellwing prison open ZZN" in refusal(wellwing(*elsewhere, "--role", "nurse"))


@pytest.fixture
def documents(tmp_path: Path, wing: Wing) -> dict[str, Path]:
    """Three files: a whole one, one with a bad row, one cut off."""
    people = synthetic.page(5, prison_id=wing.prison_id)["content"]
    bad = synthetic.page(2, prison_id=wing.prison_id, start=5)["content"]
    bad[0]["dateOfBirth"] = "yesterday"
    files = {name: tmp_path / f"{name}.json" for name in ("whole", "spotted", "cut")}
    files["whole"].write_text(json.dumps(people))
    files["spotted"].write_text(json.dumps(bad, indent=1))
    files["cut"].write_text(json.dumps(people)[:-20])
    return files


async def test_an_import_reports_every_file_and_a_bad_one_spoils_no_other(
    wellwing: Command, documents: dict[str, Path], wing: Wing, db: Database
) -> None:
    files = (str(documents["cut"]), str(documents["whole"]), str(documents["spotted"]))
    done = wellwing("people", "import", "--prison", wing.prison_id, "--json", *files)
    assert done.returncode == 1, "one file was refused whole"
    cut, whole, spotted = json.loads(done.stdout.splitlines()[-1])["files"]
    assert "byte" in cut["refused"]
    assert whole["counts"]["created"] == 5
    assert (spotted["counts"]["created"], spotted["counts"]["refused"]) == (1, 1)
    rows = await db.fetch(wing.prison_id, "SELECT number FROM person")
    assert len(rows) == 6


def test_an_import_of_readable_files_succeeds_and_shows_refused_rows(
    wellwing: Command, documents: dict[str, Path], wing: Wing
) -> None:
    files = (str(documents["whole"]), str(documents["spotted"]))
    importing = ("people", "import", "--prison", wing.prison_id, *files)
    assert wellwing(*importing).returncode == 0
    again = wellwing(*importing)
    assert again.returncode == 0
    assert "refused: dateOfBirth" in again.stdout
    missing = wellwing("people", "import", "--prison", wing.prison_id, "no-such-file.json")
    assert missing.returncode == 1
    assert "No such file" in missing.stdout


def test_an_import_into_a_prison_not_opened_is_refused(wellwing: Command, tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text("[]")
    done = wellwing("people", "import", "--prison", "ZZX", "none.json")
    assert "wellwing prison open ZZX" in refusal(done)


async def test_the_clock_is_moved_for_every_process(wellwing: Command, db: Database) -> None:
    offset = "SELECT offset_seconds FROM development_clock"
    try:
        assert wellwing("clock", "forward", "--hours", "2").returncode == 0
        assert wellwing("clock", "forward", "--hours", "0.5").returncode == 0
        assert await db.pool.fetchval(offset) == pytest.approx(9000, abs=1)
    finally:
        await db.pool.execute("DELETE FROM development_clock")


async def test_the_sheets_for_an_outage_are_written_where_it_is_told(
    wellwing: Command, wing: Wing, db: Database, tmp_path: Path
) -> None:
    assert "--to FOLDER" in refusal(wellwing("outage-sheets"))
    where, only = tmp_path / "sheets", ("outage-sheets", "--prison", wing.prison_id)
    done = wellwing(*only, WELLWING_OUTAGE_SHEETS=where)
    paths = [Path(line) for line in done.stdout.split()]
    assert paths == [where / wing.prison_id / name for name in ("duty.pdf", "duty-governor.pdf")]
    assert all(path.read_bytes().startswith(b"%PDF-") for path in paths)
    asked = "SELECT subject FROM audit_entry WHERE operation = 'write_outage_sheets'"
    [(subject,)] = await db.fetch(wing.prison_id, asked)
    assert subject.startswith("operator:")
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    assert str(in_the_way) in refusal(wellwing(*only, "--to", str(in_the_way)))


def test_the_openapi_document_is_printed(wellwing: Command, app: FastAPI) -> None:
    assert json.loads(wellwing("openapi").stdout) == json.loads(json.dumps(app.openapi()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_api_alone_serves_until_told_to_stop(
    settings: Settings, tmp_path: Path, number: signal.Signals
) -> None:
    environment = bare_environment(
        WELLWING_DATABASE_URL=settings.database_url, WELLWING_VAR_DIR=settings.var_dir, PORT=0
    )
    with subprocess.Popen(
        [WELLWING, "serve"], env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stderr
        docs = json.loads(serving.stderr.readline())["docs"]
        assert httpx.get(docs).status_code == 200
        serving.send_signal(number)
        assert serving.wait(10) == 0
        (asked,) = serving.stderr.read().splitlines()
        assert json.loads(asked)["route"] == "/docs"
