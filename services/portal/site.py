"""The portal's application: pages on what the portal keeps, commands on their way to their owners, live parts."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import sqlalchemy as sa
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from services.portal import pages as page_modules
from services.portal.desk import LARGEST_UNSENT, Desk, Unsent
from services.portal.notices.post import Post
from services.portal.settings import PortalSettings
from services.portal.views.timeline import timeline
from services.portal.web import errors, pages, signin
from services.portal.web.around import Around
from services.portal.web.forms import limited, nested, own_form, typed_into
from services.portal.web.live import News
from services.portal.web.owners import Done, OwnerRefused, Owners, OwnerUnreachable
from services.portal.web.signin import NotSignedIn, Person, SignIns, local
from services.portal.web.visit import NOTHING_TO_SAY, Visit, place_of
from services.portal.web.words import role_name
from shared.contracts import PUBLISHERS
from shared.decider import Refused
from shared.eventstore import tables
from shared.eventstore.failures import TenantUnknown
from shared.eventstore.reading import LARGEST_PAGE
from shared.messaging.loop import Loop
from shared.runtime import messages
from shared.runtime.gate import Gate, refuse_nul
from shared.runtime.service import Running
from shared.security.tokens import NOBODY
from shared.tenancy import is_tenant

Fields = list[tuple[str, str]]
"""What a form sent, in its order."""

SAID = messages.load(["services.portal"])

CLASSIFIED = frozenset({"review.classified-text-not-stored", "rectification.classified"})
"""Refusals of what is classified 涉密: the words are not kept here either, for nobody to correct (domain.md 2)."""
WORDS = frozenset({"text", "remarks", "matter", "finding"})

_KEY = re.compile(r"[!-~]{1,200}")
_VERSION = re.compile(r"[0-9]{1,9}")

WRITE_SEEN_SECONDS = 2.0
"""How long a command's own news is waited for before the page says 处理中."""


@dataclass
class Site:
    """What pages are made of."""

    running: Running
    gate: Gate
    settings: PortalSettings
    desk: Desk
    owners: Owners
    signins: SignIns
    news: News
    notices: Post

    async def person(self, request: Request) -> Person:
        """Who is signed in. Raises NotSignedIn."""
        person = await self.signins.person(request)
        request.state.person = person
        return person

    async def visit(self, request: Request, tenant: str) -> Visit:
        """Somebody signed in, in a tenant. Raises NotSignedIn and refusals."""
        person = await self.person(request)
        if not is_tenant(tenant):
            raise Refused("http.malformed-tenant", tenant=tenant)
        refuse_nul(request)
        store = self.running.store
        actor = await self.gate.standing_of(person.caller, tenant)
        async with store.reading(tenant) as connection:
            place = await place_of(connection, tenant)
        if not actor.roles:
            raise Refused("portal.no-role-here", tenant=tenant)
        if place is None:
            raise TenantUnknown(tenant)
        note = request.query_params.get("note")
        visit = Visit(
            request=request,
            person=person,
            actor=actor,
            place=place,
            today=store.clock.today(place.simulated_day),
            language=language_of(request),
            store=store,
            owners=self.owners,
            note={**NOTHING_TO_SAY, **(await self.desk.noted(person.id, note) or {} if note else {})},
        )
        request.state.visit = visit
        return visit

    def page(self, visit: Visit, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A page of a tenant. Templates find ``visit`` and what is given here."""
        return pages.drawn(visit.language, template, status, visit=visit, site=self, **context)

    async def unsent(self, visit: Visit, form: str) -> list[Unsent]:
        """What people typed into a form and did not send; the page's form offers the person's own and tells of
        others' (macro ``form``)."""
        visit.unsent[form] = await self.desk.unsent_of(visit.tenant, form, visit.person.id)
        return visit.unsent[form]

    async def command(
        self,
        visit: Visit,
        service: str,
        path: str,
        body: dict[str, Any],
        *,
        key: str,
        seen: int | None = None,
    ) -> tuple[Done, bool]:
        """Give a command to its owner as the person; what it did, and whether its news is here already."""
        done = await self.owners.command(
            visit.person.token, service, f"{visit.tenant}/{path}", body, key=key, seen_version=seen
        )
        return done, await self._heard(done)

    async def received(self, request: Request, tenant: str) -> tuple[Visit, Fields]:
        """Who sent a form that one of our pages made, and what is in it. What was sent after the sign-in had ended is
        kept. Raises NotSignedIn and refusals."""
        await typed_into(request)
        try:
            visit = await self.visit(request, tenant)
        except NotSignedIn as nobody:
            await _keep_what_came_too_late(self, request, tenant, nobody)
            raise
        form = await own_form(request, visit.person.csrf)
        return visit, [(name, value) for name, value in form if isinstance(value, str)]

    async def carried_out(
        self, visit: Visit, fields: Fields, service: str, path: str, body: dict[str, Any]
    ) -> Response:
        """Give a command that a form stands for; the way back to the form's page, which says what came of it."""
        ours = dict(fields)
        name, seen = ours.get("_form", ""), ours.get("_version", "")
        try:
            _, heard = await self.command(
                visit,
                service,
                path,
                body,
                key=ours["_key"] if _KEY.fullmatch(ours.get("_key", "")) else visit.key(),
                seen=int(seen) if _VERSION.fullmatch(seen) else None,
            )
        except (OwnerRefused, OwnerUnreachable) as refused:
            if isinstance(refused, OwnerRefused):
                await self._since(visit, service, path, refused.problem)
            return await self.sent_back(visit, fields, refused)
        await self.desk.drop_unsent(visit.person.id, visit.tenant, name)
        content = {"kind": "done" if heard else "doing", "form": name, "command": path.rpartition("/")[2]}
        back = local(ours.get("_then") or ours.get("_back", "/"))
        return with_note(back, await self.desk.note(visit.person.id, content), "")

    async def _since(self, visit: Visit, service: str, path: str, problem: dict[str, Any]) -> None:
        """Who did what since the person looked, for who may read the ledger; to others the owner names what alone."""
        data = problem.get("data", {})
        if problem["code"] != "kernel.changed-since" or not visit.may_see(service, "ledger"):
            return
        kind, id, _ = path.split("/")
        count = min(data["now"] - data["seen"], LARGEST_PAGE)
        try:
            newest = await visit.get(
                service, "ledger", stream=f"{kind}-{unquote(id)}", order="newest", limit=count
            )
        except (OwnerRefused, OwnerUnreachable):
            return
        done = {
            (None if one["actor"]["id"] in NOBODY else one["actor"]["name"], one["name"]): None
            for one in reversed(newest["items"])
            if data["seen"] < one["version"]
        }
        problem["data"] = data | {"changes": [{"by": by, "what": what} for by, what in done]}

    async def sent_back(self, visit: Visit, fields: Fields, refused: Refused) -> Response:
        """The way back to a form that was refused, by its owner or by the page itself, with what was typed."""
        ours = dict(fields)
        if isinstance(refused, OwnerRefused):
            problem = refused.problem
        else:
            message = SAID[refused.code]
            en, zh = message.render(refused.data)
            problem = {"code": refused.code, "status": message.status, "data": refused.data}
            problem |= {"detail": en, "detail_zh": zh}
        kept = {key: value for key, value in fields if not key.startswith("_")}
        name = ours.get("_form", "")
        if problem["code"] in CLASSIFIED:
            kept = {key: value for key, value in kept.items() if key not in WORDS}
            await self.desk.drop_unsent(visit.person.id, visit.tenant, name)
        # Whether an owner that did not answer has done it is not known: the same key again does it once at most.
        key = ours.get("_key") if isinstance(refused, OwnerUnreachable) else None
        content = {"kind": "refused", "form": name, "fields": kept, "problem": problem, "key": key}
        content["tenant"] = visit.tenant
        note = await self.desk.note(visit.person.id, content)
        return with_note(local(ours.get("_back", "/")), note, name)

    async def tidy(self) -> bool:
        """Throw away what nobody will ask for, on people's desks and of notices."""
        await self.desk.tidy()
        await self.notices.book.forget_old()
        return False

    async def _heard(self, done: Done) -> bool:
        """Wait until what others are told of the command has been applied here, up to WRITE_SEEN_SECONDS."""
        if done.published is None:
            return True
        there = sa.select(sa.literal(1)).where(
            timeline.c.tenant == done.tenant,
            timeline.c.source == done.service,
            timeline.c.ledger_sequence >= done.published,
        )
        ends = asyncio.get_running_loop().time() + WRITE_SEEN_SECONDS
        while asyncio.get_running_loop().time() < ends:
            async with self.running.store.reading(done.tenant) as connection:
                if (await connection.execute(there.limit(1))).first():
                    return True
            await asyncio.sleep(0.03)
        return False


def language_of(request: Request) -> str:
    """The language of the pages: what the person chose, else Chinese."""
    chosen = request.cookies.get("language", "zh")
    return chosen if chosen in ("zh", "en") else "zh"


def site(running: Running, gate: Gate, settings: PortalSettings, lifespan: Any) -> FastAPI:
    """The application."""
    desk = Desk(running.store.app)
    owners = Owners({service: settings.owner_url(service) for service in PUBLISHERS})
    signins = SignIns(settings, desk, gate.verifier)
    post = Post(running.store, gate, settings)
    made = Site(running, gate, settings, desk, owners, signins, News(running.store.relay), post)
    running.loops.append(Loop("desk", made.tidy, asyncio.Event(), every=600.0))
    running.loops.append(Loop("notices", post.step, asyncio.Event(), every=2.0))

    @asynccontextmanager
    async def whole(app: FastAPI) -> AsyncIterator[None]:
        async with lifespan(app):
            yield
            await owners.close()
            await signins.close()
            await post.close()

    app = FastAPI(
        title="Shufa portal", version="1.0.0", lifespan=whole, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.site = made
    running.before_stop.append(made.news.end)
    headers = pages.security_headers(settings.issuer)
    app.add_middleware(Around, headers=headers, fault=errors.install(app))
    app.mount("/static", pages.Hashed(directory=pages.HERE / "static"))
    app.include_router(signin.routes(signins))
    app.include_router(_common(made))
    for module in sorted(iter_modules(page_modules.__path__), key=lambda one: one.name):
        app.include_router(import_module(f"{page_modules.__name__}.{module.name}").routes(made))
    return app


def _common(site: Site) -> APIRouter:
    """What every page uses: the way in, commands, what is typed, news, the language."""
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/")
    async def home(request: Request) -> Response:
        try:
            person = await site.person(request)
        except NotSignedIn:
            return pages.drawn(language_of(request), "welcome.html", person=None)
        places = await _places(site, person)
        if len(places) == 1:
            return RedirectResponse(f"/t/{places[0][0]}/work", 303)
        return pages.drawn(language_of(request), "places.html", person=person, places=places)

    @router.get("/t/{tenant}")
    async def tenant(tenant: str) -> Response:
        return RedirectResponse(f"/t/{tenant}/work", 303)

    @router.post("/language")
    async def language(request: Request) -> Response:
        form = await request.form()
        answer = RedirectResponse(local(str(form.get("_back", "/"))), 303)
        chosen = "en" if form.get("language") == "en" else "zh"
        answer.set_cookie("language", chosen, max_age=31_536_000, samesite="lax", httponly=True)
        return answer

    @router.post("/t/{tenant}/do/{service}/{kind}/{id}/{command}")
    async def do(request: Request, tenant: str, service: str, kind: str, id: str, command: str) -> Response:
        """A form as a command of an owner. The answer is a redirect: to the page it came from, which then says what
        came of it and, where it was refused, still has what was typed."""
        visit, fields = await site.received(request, tenant)
        if service not in PUBLISHERS:
            raise Refused("http.not-found", what=service)
        path = "/".join(quote(step, safe="") for step in (kind, id, command))
        return await site.carried_out(visit, fields, service, path, nested(fields))

    @router.put("/t/{tenant}/unsent/{form}")
    async def keep(request: Request, visit: Visiting, form: str) -> Response:
        """What was typed so far. Answers who else types into the same form."""
        if not secrets.compare_digest(request.headers.get("x-csrf", ""), visit.person.csrf):
            raise Refused("portal.form-not-ours")
        body = await limited(request, LARGEST_UNSENT)
        fields = errors.json_object(body)
        await site.desk.keep_unsent(visit.person.id, visit.person.name, visit.tenant, form[:200], fields)
        kept = await site.desk.unsent_of(visit.tenant, form, visit.person.id)
        return JSONResponse({"others": [one.name for one in kept if one.person != visit.person.id]})

    @router.post("/t/{tenant}/unsent/{form}/drop")
    async def drop(request: Request, visit: Visiting, form: str) -> Response:
        fields = dict(await own_form(request, visit.person.csrf))
        await site.desk.drop_unsent(visit.person.id, visit.tenant, form)
        return RedirectResponse(local(str(fields.get("_back", "/"))), 303)

    @router.get("/t/{tenant}/news")
    async def news(visit: Visiting, mark: str | None = None) -> Response:
        stream = site.news.stream(visit.tenant, mark)
        return StreamingResponse(
            stream,
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return router


async def _keep_what_came_too_late(site: Site, request: Request, tenant: str, nobody: NotSignedIn) -> None:
    """A form that was sent after the sign-in had ended is kept for who had signed in."""
    ended = nobody.ended
    if ended is None or not is_tenant(tenant):
        return
    try:
        fields = {k: v for k, v in await own_form(request, ended.csrf) if isinstance(v, str)}
    except Refused:
        return
    kept = {name: value for name, value in fields.items() if not name.startswith("_")}
    await site.desk.keep_unsent(ended.person, ended.name, tenant, fields.get("_form", ""), kept)
    request.state.back = local(fields.get("_back", "/"))


def with_note(back: str, note: str, anchor: str) -> RedirectResponse:
    """Back to a page, which then says what the note does."""
    parts = urlsplit(back)
    query = "&".join(one for one in parts.query.split("&") if one and not one.startswith("note="))
    query = "&".join(filter(None, (query, urlencode({"note": note}))))
    return RedirectResponse(f"{parts.path}?{query}" + (f"#{anchor}" if anchor else ""), 303)


async def _places(site: Site, person: Person) -> list[tuple[str, str, list[str]]]:
    """Where the person has a role: (tenant, name, roles), in the order of paths."""
    tenants = sorted({grant.tenant for grant in person.caller.grants} | set(await _granted(site, person.id)))
    found = []
    for tenant in tenants:
        async with site.running.store.reading(tenant) as connection:
            place = await place_of(connection, tenant)
        actor = await site.gate.standing_of(person.caller, tenant)
        if place is not None and actor.roles:
            found.append((tenant, place.name, [role_name(role, place.tier) for role in sorted(actor.roles)]))
    return found


async def _granted(site: Site, person: str) -> list[str]:
    """Tenants whose ledger gives the person a role."""
    grants = tables.grants
    query = sa.select(grants.c.tenant).where(grants.c.person == person, sa.not_(grants.c.revoked)).distinct()
    async with site.running.store.relay.connect() as connection:
        return list(await connection.scalars(query))
