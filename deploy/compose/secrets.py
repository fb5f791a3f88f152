"""``python -m deploy.compose.secrets --issuer … --public-url …``: every secret of docker-compose.yml, into .compose/.

Random values are made once and kept in secrets.json; everything else is written from it anew each time, so that a
later run may name another issuer, and a service that a new version brings gets its own. The folder is closed to
others (0700). The files in it are not: inside a container another user reads them, by a mount of the file alone.
"""

from __future__ import annotations

import argparse
import base64
import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.accounts import USER, accounts
from shared.eventstore.keys import SealKey, public_pem

FOLDER = ".compose"
SERVICES = ("scheduling", "review", "rectification", "evaluation", "portal")
ROLES = ("owner", "app", "relay")
_OPTIONS = ("issuer", "jwks_url", "token_url", "public_url", "smtp_url")
_OPTIONAL = {"smtp_url"}


class Incomplete(Exception):
    """Something that only the operator knows was not said; says what."""


@dataclass(frozen=True)
class Told:
    """Where everything outside is: the issuer's addresses, the portal's own, the mail server's."""

    issuer: str
    jwks_url: str
    token_url: str
    public_url: str
    smtp_url: str | None = None


def write(folder: Path, given: Mapping[str, str | None]) -> Told:
    """Write every file that docker-compose.yml names; what is not given is as it was said before. Raises Incomplete."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    kept = folder / "secrets.json"
    stored: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    stored |= {name: value for name, value in given.items() if value}
    missing = [name for name in _OPTIONS if name not in stored and name not in _OPTIONAL]
    if missing:
        raise Incomplete(", ".join(f"--{name.replace('_', '-')}" for name in missing))
    told = Told(**{name: stored[name] for name in _OPTIONS if name in stored})
    insecure = [name for name in _OPTIONS[:4] if not stored[name].startswith("https://")]
    if insecure:
        raise Incomplete(f"https:// addresses for {', '.join(insecure)}")
    stored |= _seal_keys(folder)
    made = _Made(stored)
    files = _files(made, told)
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n")
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(mode=0o755, exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)
    return told


def _seal_keys(folder: Path) -> dict[str, str]:
    """The keys that sign roots, as they lie there: one that was changed since (docs/operations/keys.md) is kept."""
    found = {}
    for service in SERVICES:
        path = folder / service / "seal-key.pem"
        if path.exists():
            try:
                SealKey.read(path.read_bytes())
            except ValueError:
                raise Incomplete(f"an Ed25519 private key in {path}") from None
            found[f"{service}_seal_key"] = path.read_text()
    return found


class _Made:
    """Random values by name: made when first asked for, the same ever after."""

    def __init__(self, stored: dict[str, str]) -> None:
        self._stored = stored

    def password(self, name: str) -> str:
        # Hexadecimal, so that it stands unquoted in a URL, in SQL, in a shell and in the broker's configuration.
        return self._stored.setdefault(name, secrets.token_hex(24))

    def key(self, name: str) -> str:
        """32 bytes in base64."""
        return self._stored.setdefault(name, base64.b64encode(secrets.token_bytes(32)).decode())

    def seal_key(self, service: str) -> SealKey:
        new = Ed25519PrivateKey.generate()
        pem = self._stored.setdefault(f"{service}_seal_key", SealKey(new, new.public_key()).pem())
        return SealKey.read(pem.encode())

    def database_url(self, service: str, role: str) -> str:
        password = self.password(f"{service}_{role}")
        return f"postgresql+asyncpg://{service}_{role}:{password}@postgres:5432/{service}"

    @property
    def nats_url(self) -> str:
        return f"nats://{USER}:{self.password('nats')}@nats:4222"


def _files(made: _Made, told: Told) -> dict[str, str]:
    owners = {
        f"SHUFA_OWNER_DATABASE_URL_{service.upper()}": made.database_url(service, "owner")
        for service in SERVICES
    }
    files = {
        "postgres-password": made.password("postgres"),
        "grafana-password": made.password("grafana"),
        "nats-accounts.conf": accounts(made.password("nats"), ()),
        "migrate.env": _lines(owners),
        "provision.env": _lines({"SHUFA_NATS_URL": made.nats_url}),
    }
    for service in SERVICES:
        key = made.seal_key(service)
        roles = {f"{role.upper()}_PASSWORD": made.password(f"{service}_{role}") for role in ROLES}
        files |= {
            f"{service}/roles.env": _lines(roles),
            f"{service}/seal-key.pem": key.pem(),
            f"{service}/seal-key.pub.pem": public_pem(key.first),
            f"{service}/service.env": _lines(_environment(made, told, service)),
        }
    return files


def _environment(made: _Made, told: Told, service: str) -> dict[str, str]:
    environment = {
        "SHUFA_SERVICE": service,
        "SHUFA_SEAL_KEY": "/run/secrets/seal-key.pem",
        "SHUFA_DATABASE_URL": made.database_url(service, "app"),
        "SHUFA_RELAY_DATABASE_URL": made.database_url(service, "relay"),
        "SHUFA_NATS_URL": made.nats_url,
        "SHUFA_ISSUER": told.issuer,
        "SHUFA_JWKS_URL": told.jwks_url,
        "SHUFA_TOKEN_URL": told.token_url,
        "SHUFA_CLIENT_ID": f"shufa-{service}",
        "SHUFA_CLIENT_SECRET": made.password(f"{service}_client"),
    }
    if service == "portal":
        environment |= {
            f"SHUFA_{other.upper()}_URL": f"http://{other}:8000" for other in SERVICES if other != "portal"
        }
        environment |= {"SHUFA_PUBLIC_URL": told.public_url, "SHUFA_SIGNIN_KEY": made.key("signin_key")}
        if told.smtp_url:
            environment["SHUFA_SMTP_URL"] = told.smtp_url
    return environment


def _lines(environment: Mapping[str, str]) -> str:
    # Single quotes: Compose would fill in what follows a dollar.
    return "".join(f"{name}='{value}'\n" for name, value in environment.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, and say what the issuer must know."""
    parser = argparse.ArgumentParser(prog="python -m deploy.compose.secrets", description="Make .compose/.")
    parser.add_argument("--folder", type=Path, default=Path(FOLDER))
    for name in _OPTIONS:
        parser.add_argument(f"--{name.replace('_', '-')}")
    given = vars(parser.parse_args(arguments))
    folder: Path = given.pop("folder")
    try:
        told = write(folder, given)
    except Incomplete as error:
        print(f"compose-secrets: still needed: {error}", file=sys.stderr)
        return 2
    print(
        f"{folder}/ is made. Register at {told.issuer}, with the secrets in {folder}/<service>/service.env:"
    )
    for service in SERVICES:
        print(f"  shufa-{service}{f'  (sign-in, at {told.public_url})' if service == 'portal' else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
