"""Settings, read from the environment (prefix `WELLWING_`) and from `.env`."""

import stat
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from limits import parse_many
from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from app.channels import ChannelSettings

DEVELOPMENT_KEY = "development-only-key-never-in-production"
DEVELOPMENT_ISSUER = "http://wellwing.localhost/development"


def _rate(value: str) -> str:
    if value and any(item.amount < 1 for item in parse_many(value)):
        raise ValueError("a rate allows at least one; leave it empty for no limit")
    return value


def database_address(value: str | None) -> str | None:
    """The address, if drivers can take it apart; else they would quote it, or take a piece of the
    password for the host. Raises ValueError, which quotes nothing."""
    try:
        parts = urlsplit(value or "postgresql:")
        usable = parts.scheme in {"postgresql", "postgres"} and (parts.port or True)
    except ValueError:
        usable = False
    if not usable or "@" in f"{parts.path}{parts.query}{parts.fragment}":
        raise ValueError(
            "must be postgresql://user:password@host:port/name, with special characters of the"
            " password written as %2F and so on"
        )
    return value


DatabaseAddress = Annotated[str | None, AfterValidator(database_address)]


Rate = Annotated[str, AfterValidator(_rate)]
"""A limit such as `600/minute`, or several divided by `;`; empty for none."""


def _home() -> Path:
    """The checkout the service runs from, wherever it is called; else the working directory."""
    checkout = Path(__file__).parents[1]
    return checkout if (checkout / "pyproject.toml").exists() else Path()


class Environment(StrEnum):
    development = "development"
    production = "production"


class ConfigurationError(Exception):
    """The settings do not make a service that may start; says why in one sentence."""


class OutOfReach(ConfigurationError):
    """The database does not answer, or not yet: nothing that the settings need be wrong in."""


class Settings(ChannelSettings):
    """Everything a site may set. Each field is `WELLWING_<NAME>` in the environment."""

    model_config = SettingsConfigDict(
        env_prefix="WELLWING_", env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    environment: Environment = Environment.development
    secret_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_KEY),
        description="Signs page cursors. At least 32 characters, shared by all API processes.",
    )
    signing_key: SecretStr | None = Field(
        default=None,
        description="Signs what is released: an Ed25519 private key as PEM. Unset, in development:"
        " one made under `var_dir`.",
    )

    secrets_dir: Path | None = Field(
        default=None,
        description="Folder with a file for each secret, named as its variable in small letters.",
    )

    database_url: DatabaseAddress = Field(
        default=None,
        repr=False,  # it holds a password, and so does the owner's
        validation_alias=AliasChoices("WELLWING_DATABASE_URL", "DATABASE_URL"),
        description="Application role. Unset: the embedded PostgreSQL under `var_dir`.",
    )
    owner_database_url: DatabaseAddress = Field(
        default=None,
        repr=False,
        description="Owner role, for migrations. Unset: the same as `database_url`.",
    )
    database_name: str = Field(
        default="wellwing",
        pattern=r"^[a-z][a-z0-9_]{0,40}$",
        description="Database inside the embedded server.",
    )
    database_pool: int = Field(default=10, ge=1, le=100)
    var_dir: Path = Field(
        default_factory=lambda: _home() / "var", description="Everything local: keys, databases."
    )

    listen: str = "127.0.0.1"
    port: int = Field(
        default=8000, ge=0, le=65535, validation_alias=AliasChoices("WELLWING_PORT", "PORT")
    )
    cors_origins: Annotated[list[str], NoDecode] = Field(
        default=[], description="Comma-separated allow-list of origins; closed when empty."
    )
    rate_limit_address: Rate = Field(
        default="1200/minute",
        description="Requests from one address, behind which a whole prison may stand. Empty: off.",
    )
    rate_limit_subject: Rate = Field(
        default="600/minute", description="Requests under one subject. Empty: off."
    )
    rate_limit_pairs: Rate = Field(
        default="30/hour",
        description="Refusals that tell a subject who cannot be brought together. Empty: off.",
    )
    rate_limit_storage: SecretStr = Field(
        default=SecretStr("memory://"),
        description="Where requests are counted: each process for itself, or `redis://...`.",
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
    token_longest_hours: float = Field(
        default=24, gt=0, le=24 * 366, description="Tokens that live longer are refused."
    )
    jwks_url: str | None = Field(
        default=None, description="The issuer's key set. Unset: where its discovery document says."
    )
    claim_subject: str = "sub"
    claim_roles: str = Field(default="roles", description="`authorities` for HMPPS Auth.")
    claim_prisons: str = Field(default="prisons", description="Claim that lists prison ids.")
    claim_person: str = Field(default="person_id", description="A mentor's person id.")
    role_prefix: str = Field(default="ROLE_WELLWING_", description="Stripped from HMPPS roles.")

    calendar_feed_days: int = Field(
        default=90, ge=1, le=366, description="Days after which a calendar feed is made anew."
    )
    streams_most: int = Field(
        default=1000, ge=1, le=100_000, description="Streams that one API process holds open."
    )
    stream_patience_seconds: float = Field(
        default=20,
        gt=0,
        le=600,
        description="How long a stream's reader may take nothing of what is sent to them.",
    )
    print_fonts: Path | None = Field(
        default=None,
        description="Folder of further fonts, for names in scripts that the built-in one lacks.",
    )

    outage_sheets: Path | None = Field(
        default=None,
        description="Folder in which the worker keeps each prison's hand-over sheets for an outage,"
        " best one that a printer reads without this service. Unset: none are kept.",
    )
    outage_sheets_minutes: int = Field(
        default=30, ge=5, le=24 * 60, description="How old those sheets may get."
    )

    # Exports
    export_dir: Path | None = Field(
        default=None,
        description="Folder in which workers keep the files of export jobs for the API to hand"
        " out, seen by both. Unset: under `var_dir`.",
    )
    export_megabytes: int = Field(
        default=2000, ge=1, le=1_000_000, description="How much those files may take together."
    )
    export_hours: float = Field(
        default=24, gt=0, le=24 * 7, description="How long a finished one is kept."
    )
    export_jobs_at_once: int = Field(
        default=2, ge=1, le=16, description="How many one worker writes at the same time."
    )

    # Worker
    page_file: Path | None = Field(
        default=None, description="Also write each page to this file, synced to disk."
    )
    audit_anchor_file: Path | None = Field(
        default=None,
        description="Daily heads of the audit's chains; best on another machine's disk."
        " Unset: under `var_dir`.",
    )
    sweep_seconds: float = Field(default=1.0, gt=0, le=60)
    log_level: str = "INFO"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before `.env` before the files of `secrets_dir`."""
        named = (init_settings, env_settings, dotenv_settings)
        folder = next((found for each in named if (found := each().get("secrets_dir"))), None)
        if folder is None:
            return named
        if not Path(folder).is_dir():
            raise ConfigurationError(f"WELLWING_SECRETS_DIR names no folder: {folder}.")
        return (*named, SecretsSettingsSource(settings_cls, secrets_dir=folder))

    @model_validator(mode="before")
    @classmethod
    def _split_lists(cls, values: dict[str, object]) -> dict[str, object]:
        for name in ("cors_origins", "token_algorithms"):
            if isinstance(value := values.get(name), str):
                values[name] = [part.strip() for part in value.split(",") if part.strip()]
        if not values.get("jwks_url", True):
            del values["jwks_url"]
        return values

    @model_validator(mode="after")
    def _nothing_wide_open(self) -> Self:
        if not set(self.token_algorithms) <= {"RS256", "ES256"}:
            raise ValueError("token_algorithms may hold only RS256 and ES256")
        if "*" in self.cors_origins:
            raise ValueError("cors_origins lists origins by name; `*` would let in every website")
        return self

    @property
    def production(self) -> bool:
        return self.environment is Environment.production

    @property
    def embedded(self) -> bool:
        """Whether the service runs on its own embedded PostgreSQL."""
        return self.database_url is None

    @property
    def signing_pem(self) -> str:
        """The signing key; empty without one. In the environment `\\n` may stand for a new line."""
        key = self.signing_key.get_secret_value() if self.signing_key else ""
        return key.replace("\\n", "\n")

    @property
    def anchor_file(self) -> Path:
        return self.audit_anchor_file or self.var_dir / "audit-anchors.jsonl"

    @property
    def export_folder(self) -> Path:
        return self.export_dir or self.var_dir / "exports"

    @property
    def spool_dir(self) -> Path:
        """Where audit entries wait that the database did not take."""
        return self.var_dir / "audit-spool"

    @property
    def longest_token(self) -> timedelta:
        return timedelta(hours=self.token_longest_hours)

    @property
    def longest_secret(self) -> timedelta:
        """How long anything may live that somebody holds to get in: a token, or a feed's secret."""
        return max(self.longest_token, timedelta(days=self.calendar_feed_days))

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
                " and WELLWING_TOKEN_ISSUER to whom you trust."
            )
        if self.token_issuer == DEVELOPMENT_ISSUER:
            raise ConfigurationError("WELLWING_TOKEN_ISSUER is still the development issuer.")
        keys = self.jwks_url or self.token_issuer
        if urlsplit(keys).scheme != "https":
            name = "WELLWING_JWKS_URL" if self.jwks_url else "WELLWING_TOKEN_ISSUER"
            raise ConfigurationError(f"{name} must be an https address: public keys come from it.")
        if self.embedded:
            raise ConfigurationError(
                "The embedded PostgreSQL is for development: set WELLWING_DATABASE_URL."
            )
        if not self.signing_pem:
            raise ConfigurationError("WELLWING_SIGNING_KEY must hold an Ed25519 key as PEM.")
        if unfit := self.unfit():
            raise ConfigurationError(unfit)
        self._check_secret_files()

    def _check_secret_files(self) -> None:
        """Refuse secrets that everyone on the machine may read. Raises ConfigurationError."""
        for file in self.secrets_dir.iterdir() if self.secrets_dir else ():
            known = file.name.lower().startswith(("wellwing_", "database_url"))
            if known and file.is_file() and file.stat().st_mode & stat.S_IRWXO:
                raise ConfigurationError(
                    f"Everyone may read the secret in {file}: take that away, as with chmod o=."
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
        told = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{where}: {told}.") from None
