"""Small file systems of the test's own, which can be filled to the last byte and freed again.

They are mounted where only this process and its children see them, and end with it.
"""

import ctypes
import os
import subprocess
from pathlib import Path

NEW_NAMESPACE = 0x00020000


class NotPossible(Exception):
    """Mounting is not possible here; says why."""


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise NotPossible(f"there is no {command[0]}") from None
    except subprocess.CalledProcessError as error:
        raise NotPossible(error.stderr.strip() or f"{command[0]} failed") from None


def keep_to_ourselves() -> None:
    """Give this process mounts of its own. Raises NotPossible."""
    if os.geteuid() != 0:
        raise NotPossible("only root mounts")
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare") or libc.unshare(NEW_NAMESPACE):
        raise NotPossible(os.strerror(ctypes.get_errno()) or "no namespaces")
    _run("mount", "--make-rprivate", "/")


class Disk:
    """One file system at `folder`: ext4 on a file beside it, else in memory."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self.ballast = folder / "ballast"
        folder.mkdir()
        image = folder.with_suffix(".img")
        try:
            with image.open("wb") as file:
                file.truncate(megabytes * 2**20)  # sparse
            _run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
            _run("mount", "-o", "loop", str(image), str(folder))
        except NotPossible:
            image.unlink(missing_ok=True)
            _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}M", "tmpfs", str(folder))
        folder.chmod(0o755)

    def fill(self) -> None:
        """Leave no room. What is allocated already can still be written to."""
        room = os.statvfs(self.folder)
        with self.ballast.open("wb") as file:
            left, step = room.f_bavail * room.f_frsize, 2**30
            while left > 0 and step >= room.f_frsize:
                try:
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), min(step, left))
                    left -= min(step, left)
                except OSError:
                    step //= 2

    def free(self) -> None:
        self.ballast.unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], check=False)
