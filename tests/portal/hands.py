"""Somebody's hands at the portal: finds the form of a command, fills it in, sends it, and reads what the page says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from playwright.async_api import BrowserContext, Locator, Page, Request, Response, expect

from deploy.local.demo.scenario import Command

Fields = list[tuple[str, str]]
ContextOf = Callable[..., Awaitable[BrowserContext]]
TABS_AT_MOST = 400
BUSY = 503
"""What the portal answers where an owner keeps it waiting for too long: on a busy machine one asks again."""


@dataclass(frozen=True)
class Sent:
    """A form as it went out, and what the page then said: ``words`` of the rule where it was refused."""

    fields: dict[str, str]
    refused: bool
    words: str

    @property
    def key(self) -> str:
        return self.fields["_key"]

    @property
    def seen(self) -> int | None:
        return int(self.fields["_version"]) if "_version" in self.fields else None


@dataclass
class Hands:
    """People of one kind at their browsers: how wide, with or without scripts, by mouse or by keyboard alone."""

    portal: str
    context_of: ContextOf
    width: int = 1440
    javascript: bool = True
    keyboard: bool = False
    pages: dict[str, Page] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)
    """Addresses to which no link led."""

    async def page_of(self, user: str) -> Page:
        """The user's browser, signed in through the page of the issuer."""
        if user not in self.pages:
            height = 900 if self.width > 600 else 844
            context = await self.context_of(
                viewport=(self.width, height), javascript=self.javascript, expected=(403, BUSY)
            )
            page = self.pages[user] = await context.new_page()
            await page.goto(self.portal)
            await self.press(page, page.locator("main a.button, main a[href^='/signin']").first)
            await self.press(page, page.locator(f"button[name=user][value='{user}']"))
            await page.wait_for_url(f"{self.portal}/**")
        return self.pages[user]

    async def press(self, page: Page, what: Locator) -> None:
        """Follow a link or push a button."""
        if self.keyboard:
            await tab_to(page, what)
            await page.keyboard.press("Enter")
        else:
            await what.click()

    async def form_of(self, user: str, tenant: str, do: Command, body: dict[str, Any]) -> Locator | None:
        """The form of a command, gone to by the menu and links of the pages; None where the page has none."""
        page = await self.page_of(user)
        if self.keyboard:
            await page.goto(f"{self.portal}/t/{tenant}/work")
            await self.press(page, page.locator("#queue .task-do a").first)
            await page.wait_for_url(f"**{way_to(do, body)[-1]}")
        else:
            await self.walk(page, tenant, way_to(do, body))
        form = page.locator(f"form[id='{form_id(do, body)}']")
        return form if await form.count() else None

    async def walk(self, page: Page, tenant: str, way: list[str]) -> None:
        """Go a way from the queue on, by links as far as there are any."""
        await page.goto(f"{self.portal}/t/{tenant}/work")
        await when_answered(page)
        for step in way:
            link = page.locator(f"a[href='/t/{tenant}{step}']:visible").first
            if await link.count():
                await link.click()
                await page.wait_for_url(f"**{step}")
            else:
                self.typed.append(step)
                await page.goto(f"{self.portal}/t/{tenant}{step}")
            await when_answered(page)

    async def fill(self, form: Locator, name: str, value: str) -> None:
        """Put a value in a field of the form, whatever the field is. A hidden field has to hold it already."""
        one = form.locator(f"[name='{name}']")
        if await one.first.get_attribute("type") == "hidden":
            assert await one.first.input_value() == value, name
            return
        await self.unfold(one.first)
        kind = await one.first.evaluate("one => one.type")
        if self.keyboard:
            await tab_to(form.page, one.first)
            await form.page.keyboard.press("Control+A")
            await form.page.keyboard.insert_text(value)
        elif kind == "select-one":
            await one.select_option(value)
        elif kind == "radio":
            await form.locator(f"[name='{name}'][value='{value}']").check()
        elif kind == "checkbox":
            await one.set_checked(value == "true")
        else:
            await one.fill(value)

    async def unfold(self, what: Locator) -> None:
        """Open what it is folded away in, from outside in."""
        folded = what.locator("xpath=ancestor::details[not(@open)]")
        while await folded.count():
            await self.press(what.page, folded.first.locator("> summary"))

    async def send(self, form: Locator, fields: Fields) -> Sent:
        """Fill the form in and push its button."""
        page = form.page
        await self.unfold(form)
        for name, value in fields:
            await self.fill(form, name, value)
        button = form.locator("p.actions > button:not([formaction])").last
        async with page.expect_request(_is_sent) as sent:
            await self.press(page, button)
        await page.wait_for_url("**note=**")
        said = page.locator("main > p.said").first
        await expect(said).to_be_visible()
        refused = await said.get_attribute("role") == "alert"
        if not refused:
            await expect(said).to_contain_text("已")
        words = page.locator(f"form[id='{await form.get_attribute('id')}'] > p.said.bad") if refused else said
        told = (await words.inner_text()).strip()
        # Whoever is done leaves: an open page would ask for itself again at every word of the others.
        await page.goto("about:blank")
        request = await sent.value
        return Sent(dict(parse_qsl(request.post_data or "", keep_blank_values=True)), refused, told)


def _is_sent(request: Request) -> bool:
    return request.method == "POST"


async def when_answered(page: Page) -> Response | None:
    """Ask for a page again, a few times at most, as long as an owner is too busy; the answer to the last asking."""
    answer = None
    for _ in range(5):
        if not await page.get_by_text("portal.owner-unreachable").count():
            break
        answer = await page.reload()
    return answer


async def tab_to(page: Page, what: Locator) -> None:
    """Press Tab until it has the focus. Raises AssertionError where it never has."""
    for _ in range(TABS_AT_MOST):
        if await what.evaluate("one => one === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"not reached by Tab: {what}")


def way_to(do: Command, body: dict[str, Any]) -> list[str]:
    """The pages of a tenant that lead to the form, each from the one before."""
    match do.service, do.kind, do.command:
        case "scheduling", "plan", _:
            return ["/plan", f"/plan?year={do.id}"]
        case "scheduling", "policy", _:
            return ["/plan", "/plan/policy"]
        case "scheduling", "session", _:
            return ["/plan", f"/plan/{do.id}"]
        case "review", "draft", _:
            return ["/drafts", f"/drafts/{do.id}"]
        case "review", "session", "record-supplement":
            return ["/sessions", f"/sessions/{do.id}", f"/sessions/{do.id}/supplement/{body['unit']}"]
        case "review", "session", "record-comment":
            return ["/sessions", f"/sessions/{do.id}", f"/sessions/{do.id}/comment/new?unit={body['unit']}"]
        case "review", "session", _:
            return ["/sessions", f"/sessions/{do.id}"]
        case "rectification", "case", "submit-short-form":
            return ["/cases", f"/cases/{do.id}", f"/short-form/{do.id}"]
        case "rectification", "case", _:
            return ["/cases", f"/cases/{do.id}"]
        case "evaluation", "sheet", _:
            year, _, unit = do.id.partition("-")
            return ["/evaluation", f"/evaluation?year={year}", f"/evaluation/{year}/{unit}"]
        case _:
            return []


def form_id(do: Command, body: dict[str, Any]) -> str:
    """What the form of a command is called on its page."""
    name = f"{do.kind}.{do.id}.{do.command}"
    match do.command:
        case "record-speech" | "record-supplement":
            return f"{name}.{body['unit']}"
        case "record-comment":
            return f"{name}.new.{body['unit']}"
        case "confirm-words":
            return f"{name}.{body['comment']}"
        case _:
            return name


def fields_of(command: str, body: dict[str, Any]) -> Fields:
    """A command's body as a person fills it in: what several fields make together is taken apart."""
    body = dict(body)
    more: Fields = []
    match command:
        case "adopt-plan":
            rounds = body.pop("rounds")
            more = [(f"planned_on[{n}]", one["planned_on"]) for n, one in enumerate(rounds)]
        case "draft-roster":
            heads = body.pop("reporters")
            more = [(f"reporters[{n}]", f"{one['unit']}/{one['post']}") for n, one in enumerate(heads)]
            if not body["provisional"]:
                del body["provisional"]
        case "record-speech":
            minutes, seconds = divmod(body.pop("spoken_seconds"), 60)
            more = [("minutes", str(minutes)), ("seconds", str(seconds))]
        case "record-comment":
            del body["comment"]
            more = [("asks", "items" if body["requirements"] else "nothing")]
            body["requirements"] = [
                {name: value for name, value in one.items() if name != "requirement"}
                for one in body["requirements"]
            ]
    return [*_flat(body), *more]


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key, one in value.items():
                yield from _flat(one, f"{name}[{key}]" if name else key)
        case list():
            for n, one in enumerate(value):
                yield from _flat(one, f"{name}[{n}]")
        case bool():
            yield name, "true" if value else "false"
        case _:
            yield name, str(value)
