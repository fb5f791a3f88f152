"""通知设置: where a person wants to be told of their work, of which kinds not, and what became of the last notices."""

from dataclasses import replace
from email.errors import MessageError
from email.headerregistry import Address
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from services.portal.notices.channels import permitted_address, permitted_url
from services.portal.notices.kept import Wish
from services.portal.site import Site, with_note
from services.portal.web.forms import own_form
from services.portal.web.visit import Visit
from services.portal.web.work_words import KINDS
from shared.decider import Refused
from shared.runtime import messages

FORM = "notices"
LONGEST_ADDRESS = 500
STATES = {
    "pending": "等待发送",
    "sending": "正在发送",
    "sent": "已送达服务器",
    "failed": "未能送达",
    "unknown": "发送中断，不确定是否送达，不再重发",
}
SIGNS = {"pending": "◔", "sending": "…", "sent": "✓", "failed": "✕", "unknown": "?"}
CHANNELS = {"mail": "电子邮件", "webhook": "网址推送"}


def routes(site: Site) -> APIRouter:
    """``GET`` and ``POST /t/{tenant}/notices``."""
    router = APIRouter(include_in_schema=False)
    catalogue = messages.load(["services.portal"])
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/notices")
    async def show(visit: Visiting) -> Response:
        await site.notices.seen(visit)
        wish = await site.notices.wish_of(visit)
        return site.page(
            visit,
            "notices/settings.html",
            wish=wish,
            form=FORM,
            values=_values(wish, visit),
            kinds=KINDS,
            channels=CHANNELS,
            states=STATES,
            signs=SIGNS,
            secret=site.notices.opened(wish.secret),
            mail_server=site.notices.mail is not None,
            last=await site.notices.book.last_of(wish.person, wish.tenant),
        )

    @router.post("/t/{tenant}/notices")
    async def keep(request: Request, visit: Visiting) -> Response:
        given = await own_form(request, visit.person.csrf)
        fields = {name: value.strip() for name, value in given if isinstance(value, str)}
        back = visit.url("notices")
        try:
            wish = await _wished(await site.notices.wish_of(visit), fields, site)
        except Refused as refused:
            message = catalogue[refused.code]
            en, zh = message.render(refused.data)
            problem = {"code": refused.code, "status": message.status, "detail": en, "detail_zh": zh}
            typed = {name: value for name, value in fields.items() if not name.startswith("_")}
            content = {"kind": "refused", "form": FORM, "fields": typed, "problem": problem}
            return with_note(back, await site.desk.note(visit.person.id, content), FORM)
        await site.notices.book.keep(wish)
        await site.notices.seen(visit)
        content = {"kind": "done", "form": FORM, "command": "keep"}
        return with_note(back, await site.desk.note(visit.person.id, content), "")

    return router


def _values(wish: Wish, visit: Visit) -> dict[str, str]:
    if visit.note.get("kind") == "refused" and visit.note["form"] == FORM:
        typed: dict[str, str] = visit.note["fields"]
        return typed
    told = {f"tell-{name}": "true" for name in KINDS if name not in wish.muted}
    return {"mail": wish.mail or "", "webhook": wish.webhook or "", **told}


async def _wished(wish: Wish, fields: dict[str, str], site: Site) -> Wish:
    """What the form says the person wants from now on. Raises Refused."""
    mail = fields.get("mail", "")[:LONGEST_ADDRESS] or None
    webhook = fields.get("webhook", "")[:LONGEST_ADDRESS] or None
    if mail is not None:
        try:
            Address(addr_spec=mail)
        except (ValueError, IndexError, MessageError):
            raise Refused("portal.mail-address-malformed") from None
    if webhook is not None:
        mode = site.settings.mode
        await permitted_address(permitted_url(webhook, mode), mode)
    return replace(
        wish,
        mail=mail,
        webhook=webhook,
        muted=tuple(name for name in KINDS if f"tell-{name}" not in fields),
        secret=site.notices.new_secret() if webhook != wish.webhook or not wish.secret else wish.secret,
    )
