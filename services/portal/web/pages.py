"""Drawing pages: templates, the headers every page carries, static files by the hash of what is in them."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from services.portal.web import words
from services.portal.web.event_words import happened
from shared.security.permissions import PROGRESS, reading

HERE = Path(str(files("services.portal")))
SHANGHAI = ZoneInfo("Asia/Shanghai")

NAVIGATION: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("work", "待办", ()),
    ("plan", "年度计划与名单", (("scheduling", "plans"),)),
    ("sessions", "述法会", (("review", "proceedings"), ("scheduling", "sessions"))),
    ("drafts", "稿件", (("review", "drafts"), ("review", "entrusted"))),
    ("cases", "整改台账", (("rectification", "case-register"),)),
    ("coverage", "全覆盖", (("evaluation", "coverage"),)),
    ("evaluation", "年度考评", (("evaluation", "sheets"), ("evaluation", "annual-reports"))),
    ("ledger", "审计", (("scheduling", "ledger"),)),
    ("system", "系统", (("runtime", "operations"),)),
)
"""The pages in the order of the year: path, name, and what a person must be able to read of it to see its name."""


def security_headers(issuer: str) -> dict[str, str]:
    """What every answer carries: nothing from elsewhere, nothing inline, nobody frames us. A form may lead to the
    issuer, because signing out does."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        f"form-action 'self' {issuer}; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


class Hashed(StaticFiles):
    """Static files whose address has their hash: a browser keeps them for good."""

    def file_response(self, full_path: Any, stat_result: Any, scope: Scope, status_code: int = 200) -> Any:
        """As it is, to be kept."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


@cache
def static(name: str) -> str:
    """The address of a static file."""
    digest = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?{digest}"


def day(value: date | str | None) -> str:
    """``2022年1月12日``, not padded (GB/T 9704)."""
    if not value:
        return "—"
    on = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{on.year}年{on.month}月{on.day}日"


def iso_day(value: date | str | None) -> str:
    """The same for who does not read Chinese: ``2022-01-12``."""
    return str(value)[:10] if value else "—"


def instant(value: datetime | str) -> str:
    """An instant as the wall clock in Shanghai shows it."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def clock(seconds: int) -> str:
    """``8:25``; with a sign where it is below zero."""
    minutes, rest = divmod(abs(seconds), 60)
    return f"{'−' if seconds < 0 else ''}{minutes}:{rest:02d}"


@cache
def environment(language: str) -> jinja2.Environment:
    """The templates in one language; a name that nobody gave is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.install_gettext_translations(words.translations(language), newstyle=True)  # type: ignore[attr-defined]  # of the extension
    made.filters |= {
        "day": day if language == "zh" else iso_day,
        "instant": instant,
        "clock": clock,
        "with_role_names": partial(words.with_role_names, language=language),
    }
    made.globals |= {
        "static": static,
        "navigation": navigation,
        "happened": happened,
        "role_name": words.role_name,
        "languages": words.LANGUAGES,
    }
    return made


def navigation(visit: Any) -> list[tuple[str, str]]:
    """The pages that are for this person here."""
    shown = []
    for path, name, reads in NAVIGATION:
        if path == "system":
            allowed = "operator" in visit.actor.roles
        else:
            allowed = not reads or any(
                visit.may_see(
                    service,
                    what,
                    tier="progress" if reading(service, what, "progress") is PROGRESS else "private",
                )
                for service, what in reads
            )
        if allowed:
            shown.append((path, name))
    return shown


STYLES = {
    "work": "work.css",
    "notices": "work.css",
    "plan": "plan.css",
    "drafts": "plan.css",
    "sessions": "sessions.css",
    "cases": "cases.css",
    "coverage": "coverage.css",
    "evaluation": "coverage.css",
    "ledger": "audit.css",
    "system": "audit.css",
}
"""The style sheet of a folder of templates, besides the one that all share."""


def drawn(language: str, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page from its template."""
    style = STYLES.get(template.partition("/")[0])
    text = environment(language).get_template(template).render(language=language, style=style, **context)
    return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})
