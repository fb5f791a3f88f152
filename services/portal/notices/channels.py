"""The ways a notice goes, by SMTP and by webhook: it was taken for sure, or not for sure, or nobody knows."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import json
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Literal
from urllib.parse import unquote, urlsplit

import aiosmtplib
import httpx

from services.portal.notices.kept import Notice
from shared.decider import Refused
from shared.security.trust import trusted

SECONDS = 10.0
Mode = Literal["development", "production"]


@dataclass(frozen=True)
class Taken:
    """The other side has it."""


@dataclass(frozen=True)
class NotTaken:
    """The other side does not have it, for sure; ``for_good``: nor will it, if asked again."""

    why: str
    for_good: bool = False


@dataclass(frozen=True)
class NobodyKnows:
    """The connection went after everything was said: it may have arrived. It is not sent again."""

    why: str


Outcome = Taken | NotTaken | NobodyKnows


class Mail:
    """The mail server at ``smtp://user:password@host:port``; ``smtps://`` is encrypted from the first byte, the other
    as soon as the server offers it. A password is never sent in the clear in production."""

    def __init__(self, url: str, sender: str, public_url: str, mode: Mode) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host, self._port = parts.hostname or "localhost", parts.port or (465 if self._tls else 587)
        self._login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        self._sender, self._mode = sender, mode
        self._domain = urlsplit(public_url).hostname or "localhost"

    async def send(self, notice: Notice) -> Outcome:
        """Hand a notice over."""
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=self._tls,
            start_tls=None if not self._tls else False,
            timeout=SECONDS,
        )
        message = mail_of(notice, self._sender, self._domain)
        try:
            try:
                await client.connect()
                if self._login is not None:
                    if self._mode == "production" and not _encrypted(client):
                        return NotTaken("smtp-not-encrypted")
                    await client.login(*self._login)
                await client.mail(self._sender)
                await client.rcpt(notice.address)
            except aiosmtplib.SMTPResponseException as refused:
                return NotTaken(f"smtp-{refused.code}", for_good=refused.code >= 500)
            except (aiosmtplib.SMTPException, OSError) as error:
                return NotTaken(type(error).__name__)
            try:
                await client.data(message.as_bytes())
            except aiosmtplib.SMTPResponseException as refused:
                return NotTaken(f"smtp-{refused.code}", for_good=refused.code >= 500)
            except (aiosmtplib.SMTPException, OSError) as error:
                return NobodyKnows(type(error).__name__)
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
            return Taken()
        finally:
            client.close()


def _encrypted(client: aiosmtplib.SMTP) -> bool:
    return client.transport is not None and client.transport.get_extra_info("ssl_object") is not None


def mail_of(notice: Notice, sender: str, domain: str) -> EmailMessage:
    """The mail; the same id whenever it is made."""
    message = EmailMessage()
    message["From"] = Address("述法", addr_spec=sender)
    message["To"] = Address(addr_spec=notice.address)
    message["Subject"] = notice.subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{notice.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(notice.text)
    return message


class Webhook:
    """JSON to an address of the person's, signed as Standard Webhooks says: ``webhook-id``, ``webhook-timestamp``,
    ``webhook-signature``. No redirect is followed, and it connects to the address that was looked at, no other."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self._client = httpx.AsyncClient(
            verify=trusted(), timeout=SECONDS, follow_redirects=False, trust_env=False
        )

    async def send(self, notice: Notice, secret: bytes) -> Outcome:
        """Hand a notice over."""
        try:
            there = permitted_url(notice.address, self._mode)
            address = await permitted_address(there, self._mode)
        except Refused as refused:
            # A name that leads nowhere today may lead somewhere tomorrow.
            return NotTaken(refused.code, for_good=refused.data["why"] != "unknown-host")
        body = json.dumps(
            {
                "id": notice.id,
                "tenant": notice.tenant,
                "on": notice.on.isoformat(),
                "subject": notice.subject,
                "text": notice.text,
                "tasks": notice.tasks,
            },
            ensure_ascii=False,
        ).encode()
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "Host": there.netloc.decode(),
            "webhook-id": notice.id,
            "webhook-timestamp": stamp,
            "webhook-signature": signature(secret, notice.id, stamp, body),
        }
        try:
            answer = await self._client.post(
                there.copy_with(host=address),
                content=body,
                headers=headers,
                extensions={"sni_hostname": there.host},
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, ssl.SSLError) as error:
            return NotTaken(type(error).__name__)
        except httpx.HTTPError as error:
            return NobodyKnows(type(error).__name__)
        return _answered(answer.status_code)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()


def _answered(status: int) -> Outcome:
    if 200 <= status < 300:
        return Taken()
    if status in (502, 504):  # a gateway does not know what became of it behind
        return NobodyKnows(f"http-{status}")
    return NotTaken(f"http-{status}", for_good=status < 500 and status not in (408, 425, 429))


def signature(secret: bytes, id: str, stamp: str, body: bytes) -> str:
    """``v1,`` and the base64 HMAC-SHA256 of id, time and body."""
    signed = hmac.digest(secret, b".".join((id.encode(), stamp.encode(), body)), hashlib.sha256)
    return f"v1,{base64.b64encode(signed).decode()}"


def permitted_url(address: str, mode: Mode) -> httpx.URL:
    """An address a notice may go to: https; where this is tried out, http as well. Raises Refused."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        raise _refused("malformed") from None
    if url.scheme not in (("https",) if mode == "production" else ("https", "http")):
        raise _refused("not-https")
    if not url.host or url.userinfo:
        raise _refused("malformed")
    return url


async def permitted_address(url: httpx.URL, mode: Mode) -> str:
    """What the host's name leads to, if all of it lies in the open: nobody makes us knock at doors inside. Where this
    is tried out, the own machine as well. Raises Refused."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            url.host, url.port or 443, type=socket.SOCK_STREAM
        )
    except OSError:
        raise _refused("unknown-host") from None
    addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
    for one in addresses:
        inner = getattr(one, "ipv4_mapped", None) or one
        if not (inner.is_global and not inner.is_multicast) and not (
            mode == "development" and inner.is_loopback
        ):
            raise _refused("not-public")
    return str(addresses[0])


def _refused(why: str) -> Refused:
    return Refused("portal.webhook-not-allowed", why=why)
