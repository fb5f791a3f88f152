"""docker-compose.yml: a whole that Compose takes, closed, started in order, with secrets that nobody wrote down."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from deploy.compose.secrets import FOLDER, SERVICES, Incomplete, main, write
from deploy.local import nats, postgres
from deploy.local.servers import Servers
from shared.runtime.migrate import SERVICES as MIGRATED
from shared.runtime.settings import Settings

ROOT = Path(__file__).parents[2]
TOLD: dict[str, str | None] = {
    "issuer": "https://issuer.example.cn",
    "jwks_url": "https://issuer.example.cn/jwks.json",
    "token_url": "https://issuer.example.cn/oauth/token",
    "public_url": "https://shufa.example.cn",
    "smtp_url": None,
}
OURS = {"migrate", "provision", *SERVICES}
ACCEPTED = {
    "CL-0019": "a digest can be had from a registry alone; whoever installs pins the tags to what they have checked",
    "CL-0018": "nats runs as root without one capability: a new volume belongs to root, and the image has no user",
    "CL-0020": "a service's settings are read from the environment, on one machine as in a cluster",
}
"""What compose-lint finds and we accept, with the reason. What it no longer finds is taken out of the list."""


def interpolated(text: str, given: dict[str, str]) -> str:
    """Compose's ${NAME:-default}, the only form that the file uses."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: given.get(found[1], found[2]), text)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file as Compose sees it: variables filled in, anchors and merges resolved."""
    text = interpolated((ROOT / "docker-compose.yml").read_text(), {})
    assert "${" not in text
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compose") / FOLDER
    write(folder, TOLD)
    return folder


def read_env(path: Path) -> dict[str, str]:
    lines = (line.partition("=") for line in path.read_text().splitlines())
    return {name: value.removeprefix("'").removesuffix("'") for name, _, value in lines}


def references(service: dict[str, Any], kind: str) -> list[str]:
    return [one if isinstance(one, str) else one["source"] for one in service.get(kind, [])]


def named_volumes(service: dict[str, Any]) -> list[str]:
    sources = [one.split(":")[0] for one in service.get("volumes", [])]
    return [one for one in sources if not one.startswith((".", "/"))]


def test_it_is_what_the_specification_says(compose: dict[str, Any]) -> None:
    PyCompose.from_yaml(yaml.safe_dump(compose)).validate()
    wrong = {**compose, "services": {**compose["services"], "nats": {"imagee": "nats"}}}
    with pytest.raises(ValueError, match="imagee"):
        PyCompose.from_yaml(yaml.safe_dump(wrong))


def test_everything_that_is_referred_to_is_there_and_used(compose: dict[str, Any], made: Path) -> None:
    services = compose["services"]
    for kind in ("networks", "configs", "secrets"):
        used = {name for one in services.values() for name in references(one, kind)}
        assert used == compose[kind].keys(), kind
    assert {name for one in services.values() for name in named_volumes(one)} == compose["volumes"].keys()
    for name, one in services.items():
        assert set(one.get("depends_on", {})) <= services.keys() - {name}
    files = [one["file"] for kind in ("configs", "secrets") for one in compose[kind].values()]
    files += [file for one in services.values() for file in one.get("env_file", [])]
    binds = [one.split(":")[0] for service in services.values() for one in service.get("volumes", [])]
    files += [one for one in binds if one.startswith("./")]
    for file in files:
        path = made / Path(file).relative_to(FOLDER) if file.startswith(f"{FOLDER}/") else ROOT / file
        assert path.exists(), file


def test_every_service_of_ours_is_there(compose: dict[str, Any]) -> None:
    assert set(MIGRATED) <= set(SERVICES)
    assert compose["services"].keys() > OURS
    jobs = yaml.safe_load((ROOT / "deploy/compose/prometheus.yml").read_text())["scrape_configs"]
    assert {job["job_name"]: job["static_configs"][0]["targets"] for job in jobs} == {
        service: [f"{service}:8000"] for service in SERVICES
    }


def test_one_waits_for_another_until_it_is_ready_or_done(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, one in services.items():
        for other, waited in one.get("depends_on", {}).items():
            ends = services[other]["restart"] == "no"
            expected = "service_completed_successfully" if ends else "service_healthy"
            assert waited["condition"] == expected, (name, other)
            assert ends or services[other]["healthcheck"]["test"]
    for name in SERVICES:
        assert {"postgres", "nats", "migrate", "provision"} <= services[name]["depends_on"].keys()
        assert services[name]["healthcheck"]["test"][-1] == "/readyz"
    assert services["portal"]["depends_on"].keys() >= set(SERVICES) - {"portal"}


def test_every_container_is_closed(compose: dict[str, Any]) -> None:
    for name, one in compose["services"].items():
        assert one["read_only"] is True, name
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert one["deploy"]["resources"]["limits"]["memory"], name
        assert not {"privileged", "cap_add", "network_mode", "pid"} & one.keys(), name
        for port in one.get("ports", []):
            assert port.startswith("127.0.0.1:"), name
    assert compose["networks"]["inside"]["internal"] is True
    for name in ("postgres", "nats", "databases", "migrate", "provision"):
        assert compose["services"][name]["networks"] == ["inside"]
        assert "ports" not in compose["services"][name]


def test_data_outlives_its_containers(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert services["nats"]["volumes"] == ["nats:/data"]
    for name in SERVICES:
        assert services[name]["volumes"] == [f"{name}-roots:/var/lib/shufa/roots"]


def test_compose_lint_finds_what_is_known_and_nothing_more() -> None:
    program = Path(sys.executable).with_name("compose-lint")
    arguments = ["check", "--format", "json", "--no-merge-overrides", str(ROOT / "docker-compose.yml")]
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, cwd=ROOT)
    found = json.loads(done.stdout)
    rules = {(one["rule_id"], one["service"]) for one in found["findings"]}
    # What is in env files is found only where secrets were made: a fresh checkout has none.
    assert {rule for rule, _ in rules} - {"CL-0020"} == ACCEPTED.keys() - {"CL-0020"}
    assert {service for rule, service in rules if rule == "CL-0018"} == {"nats"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_told_what_its_settings_ask_for(
    service: str, compose: dict[str, Any], made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = compose["services"][service]["env_file"]
    told = read_env(made / Path(file).relative_to(FOLDER))
    (secret,) = compose["services"][service]["secrets"]
    assert told["SHUFA_SEAL_KEY"] == f"/run/secrets/{secret['target']}"
    key = made / Path(compose["secrets"][secret["source"]]["file"]).relative_to(FOLDER)
    image = re.findall(r"(SHUFA_[A-Z]+)=(\S+)", (ROOT / "Dockerfile").read_text().rsplit("ENV ", 1)[1])
    for name, value in {**dict(image), **told, "SHUFA_SEAL_KEY": str(key)}.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert (settings.service, settings.mode) == (service, "production")
    assert settings.database_url.get_secret_value().endswith(f"@postgres:5432/{service}")
    assert compose["services"][service]["command"] == [f"services.{service}.main"]
    known = {f"SHUFA_{name.upper()}" for name in Settings.model_fields}
    more = {f"SHUFA_{other.upper()}_URL" for other in SERVICES if other != "portal"}
    more |= {"SHUFA_PUBLIC_URL", "SHUFA_SIGNIN_KEY"}
    assert told.keys() - known == (more if service == "portal" else set())


def test_read_models_are_made_anew_where_a_migration_is_run(compose: dict[str, Any], made: Path) -> None:
    """`docker compose run migrate deploy.operate rebuild …`: the image runs that module, told of every owner."""
    migrate = compose["services"]["migrate"]
    assert "entrypoint" not in migrate
    assert 'ENTRYPOINT ["python3", "-m"]' in (ROOT / "Dockerfile").read_text()
    (file,) = migrate["env_file"]
    told = read_env(made / Path(file).relative_to(FOLDER))
    assert told.keys() == {f"SHUFA_OWNER_DATABASE_URL_{service.upper()}" for service in SERVICES}


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    write(folder, TOLD)
    before = {path: path.read_text() for path in folder.rglob("*") if path.is_file()}
    write(folder, {**dict.fromkeys(TOLD), "smtp_url": "smtps://u:a$b@mail.example.cn"})
    changed = {path.relative_to(folder) for path, text in before.items() if path.read_text() != text}
    assert changed == {Path("secrets.json"), Path("portal/service.env")}
    portal = (folder / "portal/service.env").read_text()
    assert "SHUFA_SMTP_URL='smtps://u:a$b@mail.example.cn'\n" in portal
    assert "https://issuer.example.cn" in portal


def test_a_key_that_was_changed_stays_and_is_still_checked_from_the_first(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    write(folder, TOLD)
    file = folder / "review/seal-key.pem"
    first, public = file.read_text(), (folder / "review/seal-key.pub.pem").read_text()
    file.write_text("no key")
    with pytest.raises(Incomplete, match=r"review/seal-key\.pem"):
        write(folder, TOLD)
    changed = (folder / "portal/seal-key.pem").read_text() + public
    file.write_text(changed)
    write(folder, TOLD)
    assert (file.read_text(), (folder / "review/seal-key.pub.pem").read_text()) == (changed, public)
    kept = json.loads((folder / "secrets.json").read_text())["review_seal_key"]
    assert kept == changed != first


def test_secrets_differ_and_only_their_owner_comes_near_them(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    write(one, TOLD)
    write(other, TOLD)
    assert (one / "postgres-password").read_text() != (other / "postgres-password").read_text()
    assert stat.S_IMODE(one.stat().st_mode) == 0o700
    assert stat.S_IMODE((one / "secrets.json").stat().st_mode) == 0o600
    values = [
        value for name, value in json.loads((one / "secrets.json").read_text()).items() if name not in TOLD
    ]
    assert len(values) == len(set(values))
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert f"{FOLDER}/" in ignored


def test_what_only_the_operator_knows_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--folder", str(tmp_path / FOLDER), "--issuer", "https://issuer.example.cn"]) == 2
    assert "--public-url" in capsys.readouterr().err
    with pytest.raises(Incomplete, match="https"):
        write(tmp_path / FOLDER, {**TOLD, "issuer": "http://issuer.example.cn"})


def test_nats_takes_its_configuration(made: Path, tmp_path: Path) -> None:
    configuration = tmp_path / "etc/nats/nats.conf"
    accounts = tmp_path / "run/secrets/nats-accounts.conf"
    for path in (configuration, accounts):
        path.parent.mkdir(parents=True)
    configuration.write_text((ROOT / "deploy/compose/nats.conf").read_text())
    accounts.write_text((made / "nats-accounts.conf").read_text())
    done = subprocess.run(
        [nats.installed(), "-t", "-c", configuration], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "sync_interval: always" in configuration.read_text()


def test_databases_and_roles_are_made_and_made_again(servers: Servers, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "postgres-password").write_text(servers.credentials.postgres)
    passwords = {f"{role.upper()}_PASSWORD": f"{role}secret" for role in ("owner", "app", "relay")}
    (secrets / "harbour-roles").write_text("".join(f"{key}='{value}'\n" for key, value in passwords.items()))
    environment = {
        "PATH": f"{postgres.installed()}:/usr/bin:/bin",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(servers.postgres_port),
        "PGUSER": postgres.SUPERUSER,
        "SECRETS": str(secrets),
        "SQL": str(ROOT / "deploy/local"),
    }

    def run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env={**environment, **more}
        )

    for _ in range(2):
        done = run("sh", str(ROOT / "deploy/compose/databases.sh"))
        assert (done.returncode, done.stdout) == (0, "harbour has its database and its roles\n"), done.stderr
    for role in ("owner", "app", "relay"):
        asked = ("psql", "-XAtc", "select 1", f"--username=harbour_{role}", "--dbname=harbour")
        assert run(*asked, PGPASSWORD=f"{role}secret").stdout == "1\n"
    assert run("psql", "-Xc", "select 1", "--username=harbour_app", "--dbname=scheduling").returncode != 0
