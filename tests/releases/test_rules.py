"""The bundle: the same bytes each time, and whatever is changed in it is named."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.bundle import faults, make
from app.cli import cli
from app.config import ConfigurationError, Environment, Settings
from app.signing import Signer

FILES = {"chronology.json": b'{"items": []}'}


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(Settings(_env_file=None, var_dir=tmp_path))


def repacked(data: bytes, changes: Mapping[str, bytes | None]) -> bytes:
    """The bundle with some files replaced, added, or (None) left out."""
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        files: dict[str, bytes | None] = {name: old.read(name) for name in old.namelist()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as new:
        for name, content in {**files, **changes}.items():
            if content is not None:
                new.writestr(name, content)
    return packed.getvalue()


def test_the_same_content_gives_the_same_bytes(signer: Signer) -> None:
    one, other = (make(FILES, {"as_at": "2026-11-22T00:00:00+00:00"}, signer) for _ in range(2))
    assert one == other
    assert not faults(one)
    assert not faults(one, signer.public_pem())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("chronology.json", b'{"items": [1]}'),
        ("chronology.json", None),
        ("manifest.json", b'{"files": {}}'),
        ("manifest.sig", b"x" * 64),
        ("public_key.pem", b"no key"),
        ("manifest.sig", None),
        ("more.json", b"{}"),
    ],
)
def test_what_was_changed_is_named(signer: Signer, name: str, content: bytes | None) -> None:
    changed = repacked(make(FILES, {}, signer), {name: content})
    assert any(name in fault for fault in faults(changed))


def test_a_forgery_under_another_key_is_told_by_the_key_given(
    signer: Signer, tmp_path: Path
) -> None:
    other = Signer(Settings(_env_file=None, var_dir=tmp_path / "other"))
    forged = make(FILES, {}, other)
    assert not faults(forged)
    assert any("public_key.pem" in fault for fault in faults(forged, signer.public_pem()))


def test_what_is_no_zip_is_said_to_be_none() -> None:
    assert "ZIP" in faults(b"PK nonsense")[0]


def test_the_command_names_what_is_wrong(signer: Signer, tmp_path: Path) -> None:
    file, key = tmp_path / "bundle.zip", tmp_path / "key.pem"
    key.write_bytes(signer.public_pem())
    file.write_bytes(make(FILES, {}, signer))
    good = CliRunner().invoke(cli, ["bundle", "verify", str(file), "--key", str(key)])
    assert good.exit_code == 0
    file.write_bytes(repacked(file.read_bytes(), {"chronology.json": b"{}"}))
    bad = CliRunner().invoke(cli, ["bundle", "verify", str(file)])
    assert bad.exit_code == 1
    assert "chronology.json: was changed." in bad.output


def test_production_signs_with_a_key_of_its_own_or_not_at_all(tmp_path: Path) -> None:
    bare = Settings(_env_file=None, var_dir=tmp_path, environment=Environment.production)
    with pytest.raises(ConfigurationError, match="WELLWING_SIGNING_KEY"):
        Signer(bare)
    with pytest.raises(ConfigurationError, match="WELLWING_SIGNING_KEY"):
        Signer(bare.model_copy(update={"signing_key": bare.secret_key}))
