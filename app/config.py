"""Settings, read from the environment (prefix `WELLWING_`) and from `.env`."""

from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

DEVELOPMENT_KEY = "development-only-key-never-in-production"
DEVELOPMENT_ISSUER = "http://wellwing.localhost/development"


class Environment(StrEnum):
    development = "development"
    production = "production"


class ConfigurationError(Exception):
    """The settings do not make a service that may start; says why in one sentence."""


class Settings(BaseSettings):
    """Everything a site may set. Each field is `WELLWING_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix="WELLWING_", env_file=".env", extra="ignore")

    environment: Environment = Environment.development
    secret_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_KEY),
        description="Signs page cursors. At least 32 characters, shared by all API processes.",
    )

    database_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("WELLWING_DATABASE_URL", "DATABASE_URL"),
        description="Application role. Unset: the embedded PostgreSQL under `var_dir`.",
    )
    owner_database_url: str | None = Field(
        default=None, description="Owner role, for migrations. Unset: the same as `database_url`."
    )
    database_name: str = Field(
        default="wellwing",
        pattern=r"^[a-z][a-z0-9_]{0,40}$",
        description="Database inside the embedded server.",
    )
    database_pool: int = Field(default=10, ge=1, le=100)
    var_dir: Path = Path("var")

    listen: str = "127.0.0.1"
    port: int = Field(
        default=8000, ge=0, le=65535, validation_alias=AliasChoices("WELLWING_PORT", "PORT")
    )
    cors_origins: Annotated[list[str], NoDecode] = Field(
        default=[], description="Comma-separated allow-list of origins; closed when empty."
    )
    max_body_bytes: int = Field(default=2_000_000, ge=10_000)
    max_import_bytes: int = Field(default=64_000_000, ge=10_000)

    # Identity
    development_issuer: bool = Field(
        default=True, description="Serve an own issuer: keys, JWKS and tokens for development."
    )
    token_issuer: str = DEVELOPMENT_ISSUER
    token_audience: str = "wellwing"  # noqa: S105
    token_algorithms: Annotated[list[str], NoDecode] = ["RS256", "ES256"]
    jwks_url: str | None = Field(default=None, description="Key set of the production issuer.")
    claim_subject: str = "sub"
    claim_roles: str = Field(default="roles", description="`authorities` for HMPPS Auth.")
    claim_prisons: str = Field(default="prisons", description="Claim that lists prison ids.")
    claim_person: str = Field(default="person_id", description="A mentor's person id.")
    role_prefix: str = Field(default="ROLE_WELLWING_", description="Stripped from HMPPS roles.")

    # Worker
    page_file: Path | None = Field(
        default=None, description="Also write each page to this file, synced to disk."
    )
    sweep_seconds: float = Field(default=1.0, gt=0, le=60)
    log_level: str = "INFO"

    @model_validator(mode="before")
    @classmethod
    def _split_lists(cls, values: dict[str, object]) -> dict[str, object]:
        for name in ("cors_origins", "token_algorithms"):
            if isinstance(value := values.get(name), str):
                values[name] = [part.strip() for part in value.split(",") if part.strip()]
        return values

    @model_validator(mode="after")
    def _only_asymmetric_keys(self) -> Self:
        if not set(self.token_algorithms) <= {"RS256", "ES256"}:
            raise ValueError("token_algorithms may hold only RS256 and ES256")
        return self

    @property
    def production(self) -> bool:
        return self.environment is Environment.production

    @property
    def embedded(self) -> bool:
        """Whether the service runs on its own embedded PostgreSQL."""
        return self.database_url is None

    def check_production(self) -> None:
        """Refuse what must never serve real people. Raises ConfigurationError."""
        if not self.production:
            return
        if self.secret_key.get_secret_value() == DEVELOPMENT_KEY:
            raise ConfigurationError("WELLWING_SECRET_KEY is still the development key.")
        if len(self.secret_key.get_secret_value()) < 32:
            raise ConfigurationError("WELLWING_SECRET_KEY must have at least 32 characters.")
        if self.development_issuer:
            raise ConfigurationError(
                "The development issuer is on: set WELLWING_DEVELOPMENT_ISSUER=false,"
                " WELLWING_TOKEN_ISSUER and WELLWING_JWKS_URL."
            )
        if self.token_issuer == DEVELOPMENT_ISSUER:
            raise ConfigurationError("WELLWING_TOKEN_ISSUER is still the development issuer.")
        if not self.jwks_url or urlsplit(self.jwks_url).scheme != "https":
            raise ConfigurationError("WELLWING_JWKS_URL must be the https address of a key set.")
        if self.embedded:
            raise ConfigurationError(
                "The embedded PostgreSQL is for development: set WELLWING_DATABASE_URL."
            )


@lru_cache
def settings() -> Settings:
    """The process's settings. Raises ConfigurationError, naming the variable, when unusable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        where = "_".join(str(part) for part in first["loc"]).upper() or "settings"
        if where.lower() in Settings.model_fields:
            where = f"WELLWING_{where}"
        raise ConfigurationError(f"{where}: {first['msg']}.") from None
