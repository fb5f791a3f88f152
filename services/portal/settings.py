"""The portal's settings: those of every service, its own address, and where the owners of what it shows are."""

from __future__ import annotations

from typing import Self

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, field_validator, model_validator

from shared.runtime.settings import Settings


class PortalSettings(Settings):
    """Everything the portal is told from outside (``SHUFA_…``). Its account at the issuer is needed."""

    public_url: str = Field(description="The address under which browsers reach the portal, without a path.")
    scheduling_url: str = Field(description="Where scheduling answers.")
    review_url: str = Field(description="Where review answers.")
    rectification_url: str = Field(description="Where rectification answers.")
    evaluation_url: str = Field(description="Where evaluation answers.")
    signin_key: SecretStr = Field(
        description="Fernet keys that seal what a sign-in keeps; several by commas, the first seals."
    )
    smtp_url: SecretStr | None = Field(
        default=None, description="smtp://user:password@host:port of the mail server; none: no mail is sent."
    )
    mail_from: str = Field(default="shufa@localhost", description="The sender of notices.")

    @field_validator("signin_key")
    @classmethod
    def _seals(cls, keys: SecretStr) -> SecretStr:
        try:
            for key in keys.get_secret_value().split(","):
                Fernet(key)
        except ValueError:
            raise ValueError("is no list of Fernet keys") from None
        return keys

    @field_validator("public_url", "scheduling_url", "review_url", "rectification_url", "evaluation_url")
    @classmethod
    def _without_a_slash(cls, url: str) -> str:
        return url.rstrip("/")

    @model_validator(mode="after")
    def _signs_people_in(self) -> Self:
        if self.client_id is None or self.client_secret is None:
            raise ValueError("SHUFA_CLIENT_ID and SHUFA_CLIENT_SECRET are needed to sign people in")
        if self.mode == "production" and not self.public_url.startswith("https://"):
            raise ValueError("SHUFA_PUBLIC_URL must be an https:// address in production mode")
        return self

    def owner_url(self, service: str) -> str:
        """Where an owner of what is shown answers."""
        return str(getattr(self, f"{service}_url"))
