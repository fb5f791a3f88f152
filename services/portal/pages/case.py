"""One case: what was asked, every date in words, feedback, receipts, verification, and its whole story."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from services.portal.domain.due_dates import steps
from services.portal.domain.offers import Asker, offered, offices_to_receipt
from services.portal.domain.sentences import sentence
from services.portal.site import Site
from services.portal.story import Line, story_of, told_of_dates
from services.portal.web import case_words
from services.portal.web.visit import Visit
from shared.calendar.china import holiday_name
from shared.decider import Refused

OWNER = "rectification"
KEPT_WHILE_TYPING = (
    "submit-feedback",
    "note-progress",
    "request-extension",
    "return-rectification",
    "open-supervision",
    "record-inspection",
    "correct-record",
)


def routes(site: Site) -> APIRouter:
    """``/t/{tenant}/cases/{case}`` and ``/t/{tenant}/short-form/{case}``."""
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/cases/{case}")
    async def one(visit: Visiting, case: str) -> HTMLResponse:
        row = await case_row(visit, case)
        governing = await visit.governing()
        asker = Asker(visit.actor.roles, visit.actor.unit, lambda command: visit.may(OWNER, command))
        forms = offered(row, asker, short_form=governing.policy.village_short_form)
        for form in KEPT_WHILE_TYPING:
            if form in forms:
                await site.unsent(visit, f"case.{case}.{form}")
        async with visit.reading() as connection:
            lines = await story_of(connection, visit.tenant, case, row)
        reads_texts = visit.may_see(OWNER, "texts", unit=row["unit"])
        recorded = {
            "supervision-notices": any(line.event == "SupervisionOpened" for line in lines),
            "inspections": bool(row["inspections"]),
            "progress-notes": row["progress_noted_on"] is not None,
        }
        items, feedback, remarks, notices, inspections, notes = await asyncio.gather(
            items_of(visit, row),
            _feedback(visit, lines if reads_texts else []),
            visit.text(OWNER, row.get("remarks_ref")),
            *(_list_of(visit, name, row if there else None) for name, there in recorded.items()),
        )
        say = case_words.saying(visit)
        return site.page(
            visit,
            "cases/case.html",
            case=case,
            row=row,
            items=items,
            forms=forms,
            receipts=offices_to_receipt(row, asker),
            steps=steps(row, told_of_dates(lines), governing.calendar, holiday_name, say),
            notices=notices,
            inspections=inspections,
            notes=notes,
            feedback=feedback,
            remarks=remarks,
            lines=[
                (line, sentence(line.event, line.data, say))
                for line in lines
                if reads_texts or not line.content
            ],
            reads_texts=reads_texts,
            item_options=[(one["item"], one["task_line"]) for one in items],
            outcomes=[("passed", say("完成")), ("partly", say("部分完成"))],
            corrections=[("sent_on", say("反馈报送日期")), ("due_on", say("整改期限"))],
            words=case_words,
            say=say,
        )

    @router.get("/t/{tenant}/short-form/{case}")
    async def short_form(visit: Visiting, case: str) -> HTMLResponse:
        row = await case_row(visit, case)
        await site.unsent(visit, f"case.{case}.submit-short-form")
        return site.page(
            visit,
            "cases/short_form.html",
            case=case,
            row=row,
            items=await items_of(visit, row),
            may=visit.may(OWNER, "submit-short-form"),
            runs=row["state"] in ("open", "returned"),
            told=await visit.text(OWNER, row.get("feedback_ref")),
            words=case_words,
            say=case_words.saying(visit),
        )

    return router


async def case_row(visit: Visit, case: str) -> dict[str, Any]:
    """The case in the register. Refused to who may not see it, and where there is none."""
    visit.require(OWNER, "case-register", tier="progress")
    row = await visit.row(OWNER, f"case-register/case-{case}")
    if row is None:
        raise Refused("http.not-found", what=case)
    return row


async def items_of(visit: Visit, row: dict[str, Any]) -> list[dict[str, Any]]:
    """The task lines of a case in the order of the minutes."""
    found = await visit.all(OWNER, "items", session=row["session"], unit=row["unit"])
    return [one for one in found if one["stream"] == row["stream"]]


async def _list_of(visit: Visit, name: str, row: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Notices, inspections or notes of a case with their texts; none where no case is given, as none are recorded, and
    for who may not read them."""
    if row is None or not visit.may_see(OWNER, name, unit=row["unit"]):
        return []
    found = await visit.all(OWNER, name, unit=row["unit"])
    own = [one for one in found if one["stream"] == row["stream"]]
    refs = ("matter_ref", "reason_ref", "finding_ref", "text_ref")
    wanted = [(one, ref) for one in own for ref in refs]
    texts = await asyncio.gather(*(visit.text(OWNER, one.get(ref)) for one, ref in wanted))
    for (one, ref), text in zip(wanted, texts, strict=True):
        one[ref.removesuffix("_ref")] = text
    return own


async def _feedback(visit: Visit, lines: list[Line]) -> list[dict[str, Any]]:
    """Every feedback that was sent, oldest first, with its text: None where it was blanked or is not kept."""
    sent: list[dict[str, Any]] = []
    for line in lines:
        if line.event == "FeedbackSubmitted":
            sent.append({**line.data, "citation": line.citation})
        elif line.event == "FeedbackWithdrawn" and sent:
            sent[-1]["withdrawn_on"] = line.data["withdrawn_on"]
    refs = [one["text"]["href"].rpartition("/")[2] for one in sent]
    bodies = await asyncio.gather(*(visit.text(OWNER, ref) for ref in refs))
    return [one | {"body": body} for one, body in zip(sent, bodies, strict=True)]
