"""`wellwing run`, whole: it serves, survives what is killed, and leaves nothing behind."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest

from app import clock
from app.cli.running import forget_unfinished
from app.config import Settings
from app.db import Database
from app.embedded import EmbeddedPostgres
from app.models.base import new_id
from app.models.mentors import ClearanceOutcome, Commitment, Mentor, MentorStatus
from app.models.people import Person, Source
from app.models.prisons import PersonIdentity, Prison
from app.models.staff import Staff, StaffRole
from app.models.trainings import Module, Training, TrainingStatus
from tests.house.test_cli import WELLWING, bare_environment

STAFF = ("support_worker", "clinician", "nurse", "governor", "wing_duty")
NOBODY = 65534
pytestmark = pytest.mark.xdist_group("run")  # one worker starts what they share


@dataclass
class Running:
    """A `wellwing run` that has said its last word of welcome."""

    process: "subprocess.Popen[str]"
    var_dir: Path
    port: int
    said: list[str] = field(default_factory=list)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=20)

    def token(self, role: str) -> str:
        (line,) = [line for line in self.said if re.match(rf"{role} +eyJ", line)]
        return line.split()[1]

    def child(self, command: str) -> int:
        """The process id of the API (`serve`) or the worker."""
        pids = [pid for pid, words in children(self.process.pid) if command in words]
        return pids[0] if pids else 0

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


def children(parent: int) -> list[tuple[int, list[str]]]:
    """The children of a process, each with the words of its command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            words = (folder / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if int(after_name[1]) == parent and after_name[0] != "Z":
            found.append((int(folder.name), words))
    return found


def alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(true: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def start(var_dir: Path, prefix: Sequence[str] = ()) -> Running:
    """Start `wellwing run` and read what it says until all of it runs."""
    port = free_port()
    process = subprocess.Popen(
        [*prefix, WELLWING, "run"],
        env=bare_environment(WELLWING_VAR_DIR=var_dir, PORT=port),
        cwd=var_dir.parent,
        stdout=subprocess.PIPE,
        stderr=(var_dir.parent / "stderr").open("a"),
        text=True,
    )
    running = Running(process, var_dir, port)
    assert process.stdout
    for line in process.stdout:
        running.said.append(line.rstrip("\n"))
        if line.startswith("Ctrl-C"):
            return running
    raise AssertionError((var_dir.parent / "stderr").read_text())


async def small_wing(db: Database) -> None:
    """A synthetic prison with one of each, so that `run` need not load the large one."""
    async with db.sessions() as session, session.begin():
        session.add(Prison(id="SLI", name="HMP Swaleside", demo=True))
    identity = PersonIdentity(id=new_id(), numbers=["Z0001ZZ"])
    async with db.sessions() as session, session.begin():
        session.add(identity)
    async with db.write("SLI") as session:
        for role in STAFF:
            subject = f"{role.replace('_', '-')}.sli"
            staff = Staff(prison_id="SLI", subject=subject, name=role, role=StaffRole(role))
            session.add(staff)
        person = Person(
            prison_id="SLI",
            identity_id=identity.id,
            number="Z0001ZZ",
            first_name="Jo",
            last_name="Sampleford",
            display_name="Jo Sampleford",
            date_of_birth=date(1990, 2, 28),
            source=Source.manual,
        )
        session.add(person)
        await session.flush()
        today = clock.now().date()
        mentor = Mentor(
            prison_id="SLI",
            person_id=person.id,
            status=MentorStatus.active,
            commitment=Commitment.voluntary,
            clearance=ClearanceOutcome.cleared,
            clearance_from=today,
            clearance_to=today + timedelta(days=99),
            agreement_signed_at=clock.now(),
            supervisor_id=staff.id,
        )
        session.add(mentor)
        await session.flush()
        for module in Module:  # the worker holds an active mentor to all of this
            training = Training(
                prison_id="SLI",
                mentor_id=mentor.id,
                module=module,
                title=module,
                curriculum="2026-1",
                validity_months=12,
                status=TrainingStatus.competent,
                competent_at=clock.now(),
                expires_on=today + timedelta(days=99),
            )
            session.add(training)


@pytest.fixture(scope="module")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `var_dir` with a small wing in its embedded server, which is stopped. Only copied."""
    var_dir = tmp_path_factory.mktemp("template") / "var"
    server = EmbeddedPostgres(var_dir)
    server.start()
    server.ensure_database("wellwing")
    migrate_in_thread(server.owner_url("wellwing"))
    db = Database(server.application_url("wellwing"), 1)
    await small_wing(db)
    await db.close()
    server.stop()
    return var_dir


def migrate_in_thread(url: str) -> None:
    """Alembic runs a loop of its own."""
    code = "import sys; from app import migrate; migrate.upgrade(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, url], check=True)


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Iterator[Path]:
    """A `var_dir` of one's own."""
    yield copied(template, tmp_path)
    EmbeddedPostgres(tmp_path / "var").stop(force=True)


def copied(template: Path, folder: Path) -> Path:
    subprocess.run(["cp", "-a", template, folder], check=True)  # with its owner, as root
    return folder / "var"


@pytest.fixture(scope="module")
def running(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One that runs, for the tests that do not end it."""
    var_dir = copied(template, tmp_path_factory.mktemp("running"))
    started = start(var_dir)
    yield started
    started.process.kill()
    started.process.wait()
    EmbeddedPostgres(var_dir).stop(force=True)


def test_it_serves_where_port_says_with_a_docs_page_of_its_own(running: Running) -> None:
    assert running.get("/health").json()["status"] == "ok"
    assert f"http://127.0.0.1:{running.port}/docs" in running.said[1]
    page = running.get("/docs").text
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(assets) >= 3
    for asset in assets:
        assert asset.startswith("/docs/assets/"), "it works without the internet"
        assert running.get(asset).status_code == 200
    assert running.get("/openapi.json").status_code == 200


def test_it_prints_a_token_for_every_role_that_the_api_takes(running: Running) -> None:
    for role in (*STAFF, "mentor"):
        bearer = f"Bearer {running.token(role)}"
        assert running.get("/v1/prisons/SLI/wings", Authorization=bearer).status_code == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_three_calls_it_prints_work_when_pasted(running: Running) -> None:
    lines = [line for line in running.said if line.startswith("curl ")]
    replies = [json.loads(subprocess.check_output(line, shell=True)) for line in lines]
    sessions, concern, pages = replies
    assert sessions == {"items": [], "next": None}
    assert "id" in concern, concern
    assert "items" in pages, pages


def test_the_api_killed_comes_back_and_its_callers_only_wait(running: Running) -> None:
    killed = running.child("serve")
    os.kill(killed, signal.SIGKILL)
    assert running.get("/health").status_code == 200
    assert running.child("serve") != killed


def test_the_worker_killed_comes_back(running: Running) -> None:
    wait_until(lambda: running.child("worker"))
    killed = running.child("worker")
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: running.child("worker") not in {0, killed})
    wait_until(lambda: running.get("/health/escalation").status_code == 200)


def test_postgresql_killed_comes_back(running: Running) -> None:
    server = EmbeddedPostgres(running.var_dir)
    killed = server.pid()
    assert killed
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: not alive(killed))
    wait_until(lambda: running.get("/health").status_code == 200)
    assert server.pid() != killed


def test_ctrl_c_leaves_no_process_and_the_next_run_finds_its_data(home: Path) -> None:
    first = start(home)
    pids = [pid for pid, _ in children(first.process.pid)]
    assert EmbeddedPostgres(home).pid() in pids
    assert first.stop(signal.SIGINT) == 0
    assert not [pid for pid in pids if alive(pid)]
    with pytest.raises(httpx.ConnectError):
        first.get("/health")
    second = start(home)
    bearer = f"Bearer {first.token('governor')}"
    assert second.get("/v1/prisons/SLI/staff", Authorization=bearer).json()["items"]
    takes_over_from(second, home)


def takes_over_from(killed: Running, home: Path) -> None:
    """Who is killed leaves only PostgreSQL, which the next one takes over, and ends when told."""
    server, orphans = EmbeddedPostgres(home).pid(), children(killed.process.pid)
    killed.process.kill()
    killed.process.wait()
    wait_until(lambda: not [pid for pid, _ in orphans if alive(pid) and pid != server])
    third = start(home)
    assert server == EmbeddedPostgres(home).pid()
    assert third.stop(signal.SIGTERM) == 0
    assert not EmbeddedPostgres(home).running()


def test_a_demo_wing_half_loaded_is_loaded_anew(home: Path) -> None:
    config = Settings(_env_file=None, var_dir=home, database_name="half")
    server = EmbeddedPostgres(home)
    server.start()
    server.ensure_database("half")
    url = server.superuser_url("half")
    forget_unfinished(config, server)
    assert connects(url), "nothing says that it is half"
    (home / "half.demo-unfinished").touch()
    forget_unfinished(config, server)
    assert not connects(url)
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_it_runs_for_an_ordinary_user(template: Path) -> None:
    become = as_nobody()
    folder = Path(tempfile.mkdtemp(prefix="wellwing-"))  # pytest's folders are root's alone
    try:
        var_dir = copied(template, folder)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        running = start(var_dir, become)
        assert running.get("/health").status_code == 200
        assert Path(f"/proc/{running.process.pid}").stat().st_uid == NOBODY
        assert running.stop(signal.SIGINT) == 0
        assert not EmbeddedPostgres(var_dir).running()
    finally:
        EmbeddedPostgres(folder / "var").stop(force=True)
        shutil.rmtree(folder)


def connects(url: str) -> bool:
    async def once() -> None:
        await (await asyncpg.connect(url)).close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, once()).exception() is None


def as_nobody() -> list[str]:
    """The prefix that runs a command as the user nobody: if need be with the one capability that
    reaches an interpreter in root's own folder."""
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    reach = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', '']).check_returncode()"
    for prefix in (user, user + reach):
        try:
            subprocess.run([*prefix, sys.executable, "-c", child], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return prefix
    pytest.skip("nobody cannot reach the interpreter")
