"""What the chart calls trust: one bundle of authorities vouches for the database, the broker and the issuer.

The variables are those of deploy/helm/shufa/templates/_helpers.tpl: PGSSLMODE, PGSSLROOTCERT, SSL_CERT_FILE.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local import nats
from deploy.local.accounts import USER, accounts
from deploy.local.processes import Child, spawn, stop
from deploy.local.servers import Servers
from deploy.local.waiting import free_port
from shared.messaging import provision
from shared.messaging.broker import Broker
from shared.security.tokens import KeysUnavailable, TokenVerifier
from tests.shared.waiting import until


@dataclass(frozen=True)
class Authority:
    """An authority and a server's certificate signed by it, as PEM files."""

    bundle: Path
    certificate: Path
    key: Path

    @classmethod
    def new(cls, folder: Path, address: str = "127.0.0.1") -> Authority:
        folder.mkdir()
        now = datetime.now(UTC)
        root, server = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])

        def certificate(of: Ed25519PrivateKey, name: x509.Name, *, authority: bool) -> bytes:
            alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
            builder = (
                x509.CertificateBuilder()
                .subject_name(name)
                .issuer_name(issuer)
                .public_key(of.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - timedelta(hours=1))
                .not_valid_after(now + timedelta(hours=1))
                .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            )
            if not authority:
                builder = builder.add_extension(alternative, critical=False)
            return builder.sign(root, None).public_bytes(Encoding.PEM)

        made = cls(folder / "ca.crt", folder / "server.crt", folder / "server.key")
        made.bundle.write_bytes(certificate(root, issuer, authority=True))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        made.certificate.write_bytes(certificate(server, subject, authority=False))
        made.key.write_bytes(server.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return made

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.new(tmp_path_factory.mktemp("trust") / "trusted")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.new(tmp_path_factory.mktemp("trust") / "stranger")


def trust(monkeypatch: pytest.MonkeyPatch, bundle: Path) -> None:
    """As the chart sets it."""
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))


@pytest.fixture(scope="module")
def broker(trusted: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A NATS server that speaks TLS alone; its tls:// address."""
    folder, port = tmp_path_factory.mktemp("nats"), free_port()
    tls = {"cert_file": str(trusted.certificate), "key_file": str(trusted.key)}
    lines = (
        f"listen: {json.dumps(f'127.0.0.1:{port}')}",
        f"jetstream {{ store_dir: {json.dumps(str(folder / 'store'))} }}",
        f"tls: {json.dumps(tls)}",
        accounts("secret", ()),
    )
    configuration = folder / "nats.conf"
    configuration.write_text("\n".join(lines))
    running = spawn(
        Child("nats", (str(nats.installed()), "-c", str(configuration)), folder / "nats.log", cwd=folder)
    )
    yield f"tls://{USER}:secret@127.0.0.1:{port}"
    stop([running])


async def listening(url: str) -> None:
    port = int(url.rpartition(":")[2])

    async def answers() -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        return False

    await until(answers)


async def test_the_broker_is_believed_by_the_bundle(
    broker: str, trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    await listening(broker)
    trust(monkeypatch, trusted.bundle)
    monkeypatch.setenv("SHUFA_NATS_URL", broker)
    assert await provision.main() == 0


async def test_a_broker_that_the_bundle_does_not_know_is_not_believed(
    broker: str, stranger: Authority, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await listening(broker)
    trust(monkeypatch, stranger.bundle)
    monkeypatch.setenv("SHUFA_NATS_URL", broker)
    monkeypatch.setattr(provision, "CONNECT_WITHIN_SECONDS", 2.0)
    with caplog.at_level(logging.ERROR), pytest.raises(TimeoutError):
        await provision.main()
    assert "CERTIFICATE_VERIFY_FAILED" in caplog.text, "why is said"


async def test_a_service_tries_again_where_it_could_not_believe_its_broker(
    broker: str, trusted: Authority, stranger: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    await listening(broker)
    connection = Broker(broker, "review")
    connection.connect_within_seconds = 2.0
    trust(monkeypatch, stranger.bundle)
    with pytest.raises(TimeoutError):
        await connection.connect()
    trust(monkeypatch, trusted.bundle)
    connection.connect_within_seconds = 15.0
    await connection.connect()
    assert (await connection.jetstream.account_info()).limits is not None
    await connection.stop()


@asynccontextmanager
async def encrypted(port: int, authority: Authority) -> AsyncIterator[int]:
    """PostgreSQL's own way to TLS in front of a server that was built without it; answers the port."""

    async def pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            length, code = (await reader.readexactly(4), await reader.readexactly(4))
            assert (length, code) == ((8).to_bytes(4, "big"), (80877103).to_bytes(4, "big")), "no SSLRequest"
            writer.write(b"S")
            await writer.start_tls(authority.context())
            there, back = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(pipe(reader, back), pipe(there, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def asked(servers: Servers, authority: Authority) -> int:
    """One question to the real server through TLS, as a service's engine asks it."""
    async with encrypted(servers.postgres_port, authority) as port:
        url = servers.database_url("review").replace(f":{servers.postgres_port}/", f":{port}/")
        engine = create_async_engine(url)
        try:
            async with engine.connect() as connection:
                return int((await connection.execute(text("select 1"))).scalar_one())
        finally:
            await engine.dispose()


async def test_the_database_is_believed_by_the_bundle(
    servers: Servers, trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(monkeypatch, trusted.bundle)
    assert await asked(servers, trusted) == 1


async def test_a_database_that_the_bundle_does_not_know_is_not_believed(
    servers: Servers, trusted: Authority, stranger: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(monkeypatch, stranger.bundle)
    with pytest.raises(ssl.SSLCertVerificationError):
        await asked(servers, trusted)


async def test_a_database_at_another_address_than_its_certificate_is_not_believed(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Authority.new(tmp_path / "elsewhere", "127.0.0.2")
    trust(monkeypatch, elsewhere.bundle)
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        await asked(servers, elsewhere)


async def test_a_database_without_encryption_is_not_spoken_to(
    servers: Servers, trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(monkeypatch, trusted.bundle)
    engine = create_async_engine(servers.database_url("review"))
    with pytest.raises(ConnectionError, match="SSL"):
        async with engine.connect():
            pass
    await engine.dispose()


async def keys_of(authority: Authority) -> str:
    """What comes of asking an issuer with that certificate for its keys, with a token that nobody signed."""
    public = base64.urlsafe_b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).rstrip(
        b"="
    )
    body = json.dumps(
        {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "b", "use": "sig", "x": public.decode()}]}
    ).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head % len(body) + body)
            await writer.drain()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=authority.context())
    address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    verifier = TokenVerifier(address, "shufa", f"{address}/jwks.json", ("EdDSA",))
    # {"alg":"EdDSA","kid":"a"}, then no claims and no signature.
    token = "eyJhbGciOiJFZERTQSIsImtpZCI6ImEifQ.e30.AA"
    try:
        await verifier.verify(token)
    except Exception as refused:
        return type(refused).__name__
    finally:
        await verifier.close()
        server.close()
    return "believed"


async def test_the_issuer_is_believed_by_the_bundle(
    trusted: Authority, stranger: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    trust(monkeypatch, trusted.bundle)
    assert await keys_of(trusted) == "TokenInvalid", "the keys were read, and none of them signed this"
    assert await keys_of(stranger) == KeysUnavailable.__name__
