"""A service's settings, read from the environment (``SHUFA_…``); wrong ones stop it before it starts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, FilePath, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.eventstore.keys import seal_key


class Settings(BaseSettings):
    """Everything a service is told from outside. Addresses with passwords are secrets and never logged."""

    model_config = SettingsConfigDict(env_prefix="SHUFA_", extra="ignore")

    service: str = Field(description="Which service this process is.")
    database_url: SecretStr = Field(description="postgresql+asyncpg URL of the application role.")
    relay_database_url: SecretStr = Field(description="The same database as the relay role.")
    nats_url: SecretStr = Field(description="nats:// URL with credentials.")
    issuer: str = Field(description="The issuer that tokens must name.")
    jwks_url: str = Field(description="Where the issuer's keys are.")
    seal_key: FilePath = Field(
        description="PEM file of the Ed25519 key that signs roots, and below it the first public key if another's."
    )
    roots: Path = Field(description="The folder outside the database where signed roots are kept.")
    audience: str = "shufa"
    grants_claim: str = Field(default="grants", min_length=1, description="The claim that holds the grants.")
    token_url: str | None = Field(default=None, description="Where the service's own tokens are issued.")
    client_id: str | None = Field(default=None, description="The service's account at the issuer.")
    client_secret: SecretStr | None = None
    algorithms: tuple[str, ...] = ("EdDSA", "ES256", "RS256")
    mode: Literal["development", "production"] = "production"
    clock: Literal["system", "simulated"] = "system"
    simulated_start: date | None = Field(default=None, description="The first simulated day.")
    listen_fd: int | None = Field(default=None, description="A listening socket passed by a supervisor.")
    host: str = "127.0.0.1"
    port: int = 8000
    otlp_url: str | None = Field(
        default=None, description="Where a collector takes traces, OTLP over HTTP; none are made without."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("seal_key")
    @classmethod
    def _signs(cls, path: Path) -> Path:
        try:
            seal_key(path)
        except (ValueError, TypeError, OSError):
            raise ValueError("is no readable Ed25519 private key") from None
        return path

    @field_validator("log_level", mode="before")
    @classmethod
    def _level_in_any_case(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level

    @model_validator(mode="after")
    def _production_is_encrypted(self) -> Self:
        if self.mode == "production":
            for name, url in (
                ("ISSUER", self.issuer),
                ("JWKS_URL", self.jwks_url),
                ("TOKEN_URL", self.token_url),
            ):
                if url is not None and not url.startswith("https://"):
                    raise ValueError(f"SHUFA_{name} must be an https:// address in production mode")
        return self

    @model_validator(mode="after")
    def _an_account_is_whole(self) -> Self:
        given = [one is not None for one in (self.token_url, self.client_id, self.client_secret)]
        if any(given) and not all(given):
            raise ValueError("SHUFA_TOKEN_URL, SHUFA_CLIENT_ID and SHUFA_CLIENT_SECRET are given together")
        return self

    @model_validator(mode="after")
    def _simulation_is_for_development(self) -> Self:
        if self.clock == "simulated":
            if self.mode == "production":
                raise ValueError("a simulated clock cannot run in production mode")
            if self.simulated_start is None:
                raise ValueError("SHUFA_SIMULATED_START is needed with a simulated clock")
        return self


def complaints(error: ValidationError) -> list[str]:
    """What is wrong with the environment, a line a variable; what was said there may be a secret and is left out."""
    return [
        f"{'_'.join(['SHUFA', *(str(step).upper() for step in one['loc'])])}: {one['msg']}"
        for one in error.errors(include_input=False)
    ]
