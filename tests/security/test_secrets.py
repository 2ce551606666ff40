"""Secrets come from the environment or from files, and nothing that is said repeats them."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from app.cli.ground import reach
from app.config import ConfigurationError, Settings
from app.db import Database, engine_url
from tests.house.test_cli import PRODUCTION, Command, refusal, wellwing

__all__ = ["wellwing"]
HUSH = "hush5ecret"
ADDRESS = f"postgresql://someone:{HUSH}@127.0.0.1:1/wellwing"
# Each is taken apart wrongly by some driver, which then quotes a piece of the password.
UNUSABLE = [
    f"postgresql://someone:{HUSH}/x@host/name",
    f"postgresql://someone:{HUSH}#x@host/name",
    f"postgresql://someone:1/{HUSH}@host/name",
    f"postgresql://someone:{HUSH}?x@host/name",
    f"postgresql://someone@host:{HUSH}/name",
    f"mysql://someone:{HUSH}@host/name",
    HUSH,
]


def keep(folder: Path, name: str, text: str, mode: int = 0o400) -> None:
    file = folder / name
    file.write_text(f"{text}\n")
    file.chmod(mode)


def test_a_secret_is_read_from_a_file_named_as_its_variable(tmp_path: Path) -> None:
    keep(tmp_path, "wellwing_secret_key", HUSH)
    keep(tmp_path, "wellwing_database_url", ADDRESS)
    found = Settings(_env_file=None, secrets_dir=tmp_path)
    assert found.secret_key.get_secret_value() == HUSH
    assert found.database_url == ADDRESS


def test_the_folder_is_named_by_the_environment(wellwing: Command, tmp_path: Path) -> None:
    keep(tmp_path, "wellwing_database_url", ADDRESS)
    changed = {"WELLWING_DATABASE_URL": None, "WELLWING_OWNER_DATABASE_URL": None}
    told = refusal(wellwing("serve", WELLWING_SECRETS_DIR=tmp_path, **changed, PORT=0))
    assert "127.0.0.1:1 cannot be reached" in told
    assert HUSH not in told


def test_what_is_set_beside_the_files_goes_before_them(tmp_path: Path) -> None:
    keep(tmp_path, "wellwing_secret_key", "of the file")
    beside = tmp_path / ".env"
    beside.write_text(f"WELLWING_SECRET_KEY=beside\nWELLWING_SECRETS_DIR={tmp_path}\n")
    found = Settings(_env_file=beside)
    assert found.secret_key.get_secret_value() == "beside"
    assert found.secrets_dir == tmp_path


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="WELLWING_SECRETS_DIR"):
        Settings(_env_file=None, secrets_dir=tmp_path / "none")


@pytest.mark.parametrize("mode", [0o404, 0o440 | 0o002])
def test_production_refuses_a_secret_that_everyone_may_read(
    wellwing: Command, tmp_path: Path, mode: int
) -> None:
    keep(tmp_path, "wellwing_secret_key", PRODUCTION["WELLWING_SECRET_KEY"], mode)
    told = refusal(wellwing("serve", **PRODUCTION, WELLWING_SECRETS_DIR=tmp_path))
    assert "wellwing_secret_key" in told
    assert "chmod" in told
    assert PRODUCTION["WELLWING_SECRET_KEY"] not in told


def test_settings_show_no_secret() -> None:
    found = Settings(
        _env_file=None,
        secret_key=SecretStr(HUSH),
        database_url=ADDRESS,
        owner_database_url=ADDRESS,
        rate_limit_storage=SecretStr(f"redis://me:{HUSH}@host"),
    )
    assert HUSH not in f"{found!r} {found}"


@pytest.mark.parametrize("address", UNUSABLE)
async def test_an_address_that_drivers_would_misread_is_refused_without_repeating_it(
    address: str,
) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None, database_url=address)
    assert HUSH not in str(refused.value)
    with pytest.raises(ConfigurationError) as unreachable:
        await reach(address)
    assert HUSH not in str(unreachable.value)


@pytest.mark.parametrize("name", ["DATABASE_URL", "WELLWING_OWNER_DATABASE_URL"])
def test_the_variable_of_an_unusable_address_is_named(wellwing: Command, name: str) -> None:
    told = refusal(wellwing("serve", **{"WELLWING_DATABASE_URL": None, name: UNUSABLE[0]}))
    assert "DATABASE_URL: " in told
    assert HUSH not in told


def test_a_password_may_hold_any_character_when_written_in_percent() -> None:
    found = engine_url("postgresql://some%20one:a%2Fb%40c%25@host:5433/name")
    assert (found.username, found.password) == ("some one", "a/b@c%")
    assert found.host == "host"


async def test_a_database_out_of_reach_is_told_without_its_password() -> None:
    database = Database(ADDRESS)
    with pytest.raises(ConfigurationError) as refused:
        await database.open()
    assert HUSH not in str(refused.value)
    assert HUSH not in repr(database.engine)
    await database.engine.dispose()
