"""The one stream, who listens to whom, and the subject of a public event (docs/design.md 4)."""

from __future__ import annotations

from shared.contracts import CONTRACTS

STREAM = "SHUFA"
SUBJECTS = ["shufa.>"]
DUPLICATE_WINDOW_SECONDS = 120.0
LARGEST_MESSAGE = 512 * 1024

LISTENS_TO: dict[str, tuple[str, ...]] = {
    "scheduling": ("review", "rectification"),
    "review": ("scheduling", "rectification"),
    "rectification": ("scheduling", "review"),
    "evaluation": ("scheduling", "review", "rectification"),
    "portal": ("scheduling", "review", "rectification", "evaluation"),
}


def durable(service: str, source: str) -> str:
    """The consumer by which a service hears a source: one each, all public events of that source."""
    return f"{service}-from-{source}"


def everything_from(source: str) -> str:
    """The subject filter for all that a service says."""
    return f"shufa.*.{source}.>"


def of_tenant(source: str, tenant: str) -> str:
    """The subject filter for all that a service says about one tenant alone."""
    return f"shufa.*.{source}.*.{tenant}.*"


def subject(service: str, name: str, version: int, tenant: str, stream: str) -> str:
    """``shufa.<class>.<service>.<Event>.<tenant path>.<stream id>``."""
    return f"shufa.{CONTRACTS[name, version].event_class}.{service}.{name}.{tenant}.{stream}"


def heard_by_subscriber(name: str, tenant: str) -> dict[str, str]:
    """A subscriber's two consumers, by name, and the subject filter of each: progress of the tenant and all below it,
    content of the tenant alone."""
    return {
        f"{name}-progress": f"shufa.progress.*.*.{tenant}.>",
        f"{name}-content": f"shufa.content.*.*.{tenant}.*",
    }
