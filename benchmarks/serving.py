"""Servers to be measured, each a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.request import urlopen

from app.config import Settings
from benchmarks.fault.system import free_port


def environment(settings: Settings) -> dict[str, str]:
    """What our own service is started with; its limits are asked, and never reached."""
    assert settings.database_url is not None
    return {
        **os.environ,
        "WELLWING_DATABASE_URL": settings.database_url,
        "WELLWING_VAR_DIR": str(settings.var_dir),
        "WELLWING_LOG_LEVEL": "ERROR",
        "WELLWING_RATE_LIMIT_SUBJECT": "100000000/minute",
        "WELLWING_RATE_LIMIT_ADDRESS": "100000000/minute",
        "WELLWING_RATE_LIMIT_PAIRS": "100000000/minute",
    }


@contextmanager
def serving(factories: Mapping[str, str], settings: Mapping[str, str]) -> Iterator[dict[str, int]]:
    """Start one process for each factory and answer the port of each."""
    processes, ports = [], {}
    try:
        for name, factory in factories.items():
            ports[name] = free_port()
            command = [sys.executable, "-m", "uvicorn", "--factory", factory]
            options = ["--port", str(ports[name]), "--log-level", "warning", "--no-access-log"]
            processes.append(subprocess.Popen([*command, *options], env=settings))
        for port in ports.values():
            await_port(port)
        yield ports
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def await_port(port: int) -> None:
    for _ in range(600):
        try:
            urlopen(f"http://127.0.0.1:{port}/openapi.json").close()
            return
        except OSError as error:
            if hasattr(error, "code"):
                return  # it answers, if only to say no
            time.sleep(0.05)
    raise RuntimeError("a server did not start")
