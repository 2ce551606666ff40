"""`wellwing` in processes of their own, forked from one that has read the code already.

Reading it takes longer than what most commands do. A fork knows nothing of the tests: it has the
environment, the folder and the files that it is given, and answers with its own exit code.
"""

import atexit
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}  # a process with threads is not to be forked


class Commands:
    """Runs one command after another."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self._parent = subprocess.Popen(
            [sys.executable, "-c", "from tests.house.commands import serve; serve()"],
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> "subprocess.CompletedProcess[str]":
        """As `subprocess.run` of the command: its exit code and what it said."""
        assert self._parent.stdin
        assert self._parent.stdout
        with tempfile.TemporaryDirectory() as kept:
            files = [str(Path(kept) / name) for name in ("stdout", "stderr")]
            job = [["wellwing", *arguments], dict(environment), str(folder), *files]
            print(json.dumps(job), file=self._parent.stdin, flush=True)
            code = int(self._parent.stdout.readline())
            said, told = (Path(each).read_text() for each in files)
        return subprocess.CompletedProcess(["wellwing", *arguments], code, said, told)

    def end(self) -> None:
        assert self._parent.stdin
        self._parent.stdin.close()
        self._parent.wait()


def _exit_code(pid: int) -> int:
    """Of a command that has ended, or is ended when it takes too long."""
    until = time.monotonic() + SECONDS
    while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        if time.monotonic() > until:
            os.kill(pid, 9)
        time.sleep(0.01)
    return os.waitstatus_to_exitcode(ended[1])


def _becomes(job: list[object]) -> None:
    """The fork becomes the command of the job."""
    words, environment, folder, *files = job
    os.environ.clear()
    os.environ.update(environment)  # type: ignore[call-overload]
    os.chdir(str(folder))
    for descriptor, file in enumerate([os.devnull, *map(str, files)]):
        flags = os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT
        os.dup2(os.open(file, flags, 0o600), descriptor)
    sys.argv = words  # type: ignore[assignment]


def _run() -> int:
    """The command to its exit code; then what an interpreter does at its end, but for taking apart
    all that was read, which takes longer than most commands."""
    from app.cli import main

    code: object = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 1


def serve() -> None:
    """What the parent of them all does: it reads jobs, and says each one's exit code."""
    import app.cli  # noqa: F401

    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _becomes(json.loads(line))
            os._exit(_run())
        sys.stdout.write(f"{_exit_code(pid)}\n")
        sys.stdout.flush()
