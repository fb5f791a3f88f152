"""The pages a person sees: the example users to choose from, what was wrong, and that they are signed out."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deploy.local.openid.users import User, by_tenant

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
NEVER_KEPT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def choice(users: Iterable[User], asked: Mapping[str, str], client_origin: str) -> HTMLResponse:
    """The users as buttons of one form, which sends back what was asked. ``client_origin``: browsers hold a form to
    ``form-action`` through redirects too, so where it ends must be named."""
    return _page(
        "choice.html", form_action=f"'self' {client_origin}", asked=asked, groups=by_tenant(users).items()
    )


def refusal(reason: str) -> HTMLResponse:
    """400: there is nobody to be sent back to. ``reason`` in Chinese."""
    return _page("message.html", 400, title="登录请求有误", reason=reason)


def signed_out() -> HTMLResponse:
    """For whom no address to go on to was given."""
    return _page("message.html", title="已退出登录", reason="可以关闭本页。")


def _page(template: str, status: int = 200, form_action: str = "'none'", **shown: object) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action {form_action}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(
        _TEMPLATES.get_template(template).render(nonce=nonce, **shown),
        status,
        {**NEVER_KEPT, "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"},
    )
