"""`wellwing bundle`: checking what was released, and the public key it is signed with."""

from pathlib import Path
from typing import Annotated

import typer

from app import bundle
from app.cli import ground
from app.cli.running import said
from app.config import ConfigurationError
from app.signing import Signer


def verify(
    file: Annotated[Path, typer.Argument(help="The bundle.")],
    key: Annotated[
        Path | None, typer.Option(help="The public key it must be signed with, as PEM.")
    ] = None,
) -> None:
    """Check a bundle's signature and every file in it; names what is wrong, with exit code 1.

    Needs no database and no settings. Give the key you had from the prison by another way: the
    one inside proves only that nothing was changed since.
    """
    found = bundle.faults(_bytes(file), _bytes(key) if key else None)
    for fault in found:
        said.print(fault)
    if found:
        raise typer.Exit(1)
    by = "the key given" if key else "the key it holds (give --key to check whose that is)"
    said.print(f"{file.name}: whole, and signed with {by}.")


def public_key() -> None:
    """Print the public key that this site's bundles are signed with."""
    said.print(Signer(ground.configured()).public_pem().decode().strip())


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
