"""A tenant's id is its full path in the tree: ``shanghai.jinshan.langxia.guangming``."""

from __future__ import annotations

import re

_TENANT = re.compile(r"[a-z0-9]+(\.[a-z0-9]+)*")


def is_tenant(text: str) -> bool:
    """Tokens of ``[a-z0-9]+`` joined by dots; a ``-`` would sort a sibling into the subtree."""
    return _TENANT.fullmatch(text) is not None


def parent(tenant: str) -> str | None:
    """The tier above, or None at the root."""
    return tenant.rpartition(".")[0] or None


def ancestors_and_self(tenant: str) -> list[str]:
    """``a.b.c`` → ``[a, a.b, a.b.c]``: the path from the root, the order in which policies are inherited."""
    tokens = tenant.split(".")
    return [".".join(tokens[: n + 1]) for n in range(len(tokens))]


def is_within(tenant: str, scope: str) -> bool:
    """Is ``tenant`` the scope itself or below it?"""
    return tenant == scope or tenant.startswith(scope + ".")
