"""What the forms of a session say in more than plain fields: a speech's time, a comment's lines, a correction."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.portal.domain import session as words
from services.portal.site import Site
from services.portal.web.forms import nested
from services.portal.web.signin import local
from shared.decider import Refused

COMPOSED = {
    "record-speech": words.speech,
    "record-supplement": words.supplement,
    "record-comment": words.comment,
    "correct-minutes": words.correction,
}


def routes(site: Site) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.post("/t/{tenant}/sessions/{session}/record/{command}")
    async def record(request: Request, tenant: str, session: str, command: str) -> Response:
        """A form of the session as the command it stands for."""
        visit, fields = await site.received(request, tenant)
        if command not in COMPOSED:
            raise Refused("http.not-found", what=command)
        form = nested(fields)
        try:
            wrong = words.unclear(form) if command == "record-comment" else None
            body = COMPOSED[command](form)
        except (AttributeError, TypeError):  # lists where our form has words, or the other way round
            raise Refused("http.invalid-body", problems=[f"body: no form of {command}"]) from None
        if wrong is not None:
            return await site.sent_back(visit, fields, wrong)
        return await site.carried_out(visit, fields, "review", f"session/{session}/{command}", body)

    @router.post("/t/{tenant}/sessions/{session}/lines")
    async def lines(request: Request, tenant: str, session: str) -> Response:
        """One more line for a comment's requirements: what is typed is kept, and the form comes back longer."""
        visit, fields = await site.received(request, tenant)
        ours = dict(fields)
        typed = {name: value for name, value in fields if not name.startswith("_")}
        shown = ours.get("lines", "")
        typed["lines"] = str(min(int(shown[:3]), words.LINES_AT_MOST) + 1 if shown.isdecimal() else 3)
        name = ours.get("_form", "")
        await site.desk.keep_unsent(visit.person.id, visit.person.name, visit.tenant, name, typed)
        return RedirectResponse(f"{local(ours.get('_back', '/'))}#{name}", 303)

    return router
