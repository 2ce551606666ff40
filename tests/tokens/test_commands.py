"""The command line's tokens: a machine's, and ending anyone's."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from app.config import Settings
from app.db import Database
from tests.house.test_cli import PRODUCTION, Command, refusal, wellwing
from tests.story import Caller, Wing

__all__ = ["wellwing"]


async def test_a_machines_own_token(wellwing: Command, app: FastAPI, wing: Wing) -> None:
    done = wellwing("token", "--client", "board", "--scope", "concerns.read")
    token = done.stdout.strip()
    claims = await app.state.verifier.verify(token)
    assert (claims.subject, claims.machine, claims.scopes) == ("board", True, {"concerns.read"})
    board = Caller(wing.http, wing.prison_id, token, "board")
    await board.get("concerns", 404)
    await wing.lets_in("concerns.read", name="board")
    await board.get("concerns")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--client", "board", "--role", "governor", "--prison", "SLI"),
        ("--client", "board", "--subject", "someone"),
        ("--role", "nurse", "--prison", "SLI", "--scope", "concerns.read"),
        ("--role", "nurse"),
        (),
    ],
)
def test_a_token_is_a_persons_or_a_machines(wellwing: Command, arguments: tuple[str, ...]) -> None:
    assert "--client" in refusal(wellwing("token", *arguments))


def test_a_token_that_nobody_would_believe_for_so_long_is_not_issued(wellwing: Command) -> None:
    longer = ("token", "--role", "nurse", "--prison", "SLI", "--hours", "25")
    assert "WELLWING_TOKEN_LONGEST_HOURS" in refusal(wellwing(*longer))
    assert wellwing(*longer, WELLWING_TOKEN_LONGEST_HOURS=48).returncode == 0


def test_the_folder_of_everything_local_is_not_where_one_happens_to_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Settings(_env_file=None).var_dir
    monkeypatch.chdir(tmp_path)
    assert Settings(_env_file=None).var_dir == here
    assert here.is_absolute()
    assert here.name == "var"


async def test_the_operator_ends_tokens_also_in_production(
    wellwing: Command, wing: Wing, settings: Settings
) -> None:
    address = {
        "WELLWING_DATABASE_URL": settings.database_url,
        "WELLWING_OWNER_DATABASE_URL": settings.owner_database_url,
    }
    done = wellwing("revoke", "--subject", wing.nurse.subject, **PRODUCTION | address)
    assert done.returncode == 0, done.stderr
    assert (await wing.nurse.get("people", 401))["code"] == "token_revoked"
    await wing.clinician.get("people")


async def test_the_operator_ends_one_token(
    wellwing: Command, wing: Wing, app: FastAPI, db: Database
) -> None:
    claims = await app.state.verifier.verify(wing.nurse.token)
    reason = ("--reason", "lost_or_stolen")
    done = wellwing("revoke", "--token-id", str(claims.token_id), *reason)
    assert done.returncode == 0, done.stderr
    await wing.nurse.get("people", 401)
    row = await db.pool.fetchrow("SELECT * FROM revocation WHERE token_id = $1", claims.token_id)
    assert (row["revoked_by"], row["reason"], row["prison_id"]) == (
        "operator",
        "lost_or_stolen",
        None,
    )
    assert "--token-id" in refusal(wellwing("revoke"))
    assert wellwing("revoke", "--subject", "a", "--reason", "spite").returncode == 2
