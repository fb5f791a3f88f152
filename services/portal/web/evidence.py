"""What a line of an annual sheet rests on, as an official would say it: each cited event with its day and sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.portal.domain.sentences import sentence
from services.portal.views.timeline import timeline
from services.portal.web.case_words import saying
from services.portal.web.visit import Visit

STATES = {
    "done": ("✓", "完成"),
    "late": ("!", "逾期完成"),
    "open": ("◔", "进行中"),
    "not_applicable": ("–", "不适用"),
}
KINDS = {"report": "述法", "rectification": "整改"}

FACTS: dict[str, tuple[str, str | None]] = {
    "rostered": ("列为述法对象", "SessionScheduled"),
    "withdrawn": ("不再安排述法", None),
    "reported": ("述法", "ReportDelivered"),
    "due": ("确定整改期限", "RectificationDue"),
    "fed_back": ("报送整改反馈", "FeedbackSubmitted"),
    "feedback_withdrawn": ("撤回反馈", "FeedbackWithdrawn"),
    "receipted": ("反馈已签收", "FeedbackReceipted"),
    "returned": ("检查评估后退回", "RectificationReturned"),
    "extended": ("同意延期", "RectificationExtended"),
    "suspended": ("整改中止，期限顺延", "RectificationSuspended"),
    "date_confirmed": ("期限确认", "RectificationDateConfirmed"),
    "items_corrected": ("会议纪要更正，整改事项随之更正", None),
    "supervision_opened": ("发出督办通知单", "SupervisionOpened"),
    "supervision_closed": ("督办办结", "SupervisionClosed"),
    "overdue": ("逾期未反馈", "RectificationOverdue"),
    "verified": ("检查评估", "RectificationVerified"),
    "corrected": ("更正记录", "RecordCorrected"),
}
"""Of each thing that a fact may be: what is said where the event itself is not at hand, and which event says more."""


@dataclass(frozen=True)
class Evidence:
    """One event that a line rests on. ``person`` held the post on that day."""

    citation: str
    on: str
    sentence: str
    person: str | None
    corrected: bool
    linked: bool
    """May who looks open the ledger it is in?"""


async def evidence_of(visit: Visit, lines: Iterable[Mapping[str, Any]]) -> dict[str, Evidence]:
    """Every fact of the lines by its citation and what it says of it."""
    facts = [fact for line in lines for fact in line["facts"]]
    told = await _told(visit, {fact["event"] for fact in facts})
    say, found = saying(visit), {}
    for fact in facts:
        words, event = FACTS[fact["what"]]
        data = next((data for name, data in told.get(fact["event"], ()) if name == event), None)
        found[fact["event"]] = Evidence(
            fact["event"],
            fact["on"],
            say(words) if event is None or data is None else sentence(event, data, say).rstrip("。. "),
            fact["person"],
            fact["what"] == "corrected",
            visit.may_see(fact["event"].partition(":")[0], "ledger"),
        )
    return found


async def _told(visit: Visit, citations: Collection[str]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """What the portal has heard of these events: their names and data, by citation."""
    asked = []
    for citation in citations:
        source, _, rest = citation.partition(":")
        tenant, _, number = rest.partition("#")
        if tenant == visit.tenant:
            asked.append((source, int(number)))
    query = sa.select(timeline).where(
        timeline.c.tenant == visit.tenant,
        sa.tuple_(timeline.c.source, timeline.c.ledger_sequence).in_(asked),
    )
    told: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    async with visit.reading() as connection:
        for row in await connection.execute(query):
            citation = f"{row.source}:{row.tenant}#{row.ledger_sequence}"
            told.setdefault(citation, []).append((row.event, row.data))
    return told
