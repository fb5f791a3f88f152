"""Whom a process trusts over TLS: one context for all its clients, since each that is made reads every authority."""

from __future__ import annotations

import os
import ssl
from functools import cache

import httpx


def trusted() -> ssl.SSLContext:
    """For ``httpx.AsyncClient(verify=…)``: the authorities of ``SSL_CERT_FILE`` where it is set, else those that come
    with httpx."""
    return _context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _context(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context()
