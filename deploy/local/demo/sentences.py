"""What each event of a case's story says, as one line for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Data = dict[str, Any]
Sentence = Callable[[Data], str]

SENTENCES: dict[str, Sentence] = {
    "DraftExpected": lambda it: (
        f"a draft is asked of {it['person']}, due {it['due_on']}, to be approved by {it['approve_by']}"
    ),
    "DraftSubmitted": lambda it: (
        f"draft {it['revision']} handed in for {it['entered_for']}, {it['characters']} syllables when spoken"
    ),
    "DraftReturned": lambda it: f"draft {it['revision']} returned with remarks",
    "DraftApproved": lambda it: f"draft {it['revision']} approved{' late' if it['late'] else ''}",
    "DraftApprovalVoided": lambda it: f"the approval of draft {it['approved_revision']} is void",
    "SpeechRecorded": lambda it: (
        f"{it['title']} {it['person']} speaks for {_clock(it['spoken_seconds'])}{_over(it)}"
    ),
    "SupplementRecorded": lambda it: "the law office supplements",
    "CommentRecorded": lambda it: f"{it['by']} comments: {_lines(it['requirements']) or 'praise only'}",
    "WordsConfirmed": lambda it: f"{it['by']} confirms the words of comment {it['comment']}{_by_paper(it)}",
    "MarkedNotHeld": lambda it: f"its {it['what']} did not take place, with a reason",
    "MinutesSigned": lambda it: f"the minutes are signed by {it['signed_by']}",
    "MinutesSent": lambda it: f"{it['document_number']} is sent, the clock starts",
    "RectificationFellDue": lambda it: f"due {it['due_on']}{_rolled(it)}: {_lines(it['items'])}",
    "FeedbackSubmitted": lambda it: f"fed back to both offices, signed by {it['signer']}, {_timely(it)}",
    "FeedbackReceipted": lambda it: f"receipted by the {_words(it['office'])}",
    "ExtensionRequested": lambda it: f"an extension to {it['due_on']} is asked for",
    "ExtensionGranted": lambda it: f"extended from {it['due_on_before']} to {it['due_on']}",
    "ExtensionRefused": lambda it: "the extension is refused",
    "RectificationReturned": lambda it: (
        f"returned with remarks, new date {it['due_on']} (was {it['due_on_before']})"
    ),
    "HandoverRecorded": lambda it: (
        f"{it['title']} changes from {it['from_person']} to {it['to_person']}; the duty stays"
    ),
    "RectificationSuspended": lambda it: (
        f"all work stops from {it['suspended_from']} to {it['suspended_until']}: {it['days']} days are added, "
        f"due {it['due_on']} (was {it['due_on_before']})"
    ),
    "DueDateConfirmed": lambda it: f"the date is confirmed: {it['due_on']} (was {it['due_on_before']})",
    "ItemsCorrected": lambda it: f"the minutes are corrected: {_lines(it['items'])}",
    "ReminderSent": lambda it: f"reminded, the light turns {it['kind']}",
    "SupervisionOpened": lambda it: (
        f"supervision notice {it['notice_number']} by the {_words(it['by_office'])}, reply by {it['reply_by']}"
    ),
    "SupervisionClosed": lambda it: f"supervision notice {it['notice_number']} is closed",
    "FeedbackWithdrawn": lambda it: "the feedback is withdrawn, nobody had receipted it",
    "RecordCorrected": lambda it: (
        f"a wrong record is corrected by {it['decision']['by']}: {it['what']} {it['value']} (was {it['value_before']})"
    ),
    "RectificationFellOverdue": lambda it: f"overdue since {it['overdue_since']}",
    "RectificationVerified": lambda it: f"verified by the {_words(it['by_office'])}: {it['outcome']}",
    "SheetPublished": lambda it: f"annual sheet published: {_sheet(it['lines'])}",
}
"""Events that are not here (opening a sheet, noting a fact on it) only repeat what another event said."""

OF_EVERY_REPORTER = frozenset({"MinutesSigned", "MinutesSent"})


def story(case: Data, ledgers: dict[str, list[Data]]) -> list[tuple[str, str, str]]:
    """One case from draft to sheet: business date, sentence, ledger citation; in the order it happened."""
    unit, session = case["unit"], case["case"].removesuffix(f"-{case['unit']}")
    of_the_case = {
        f"draft-{case['case']}",
        f"case-{case['case']}",
        f"sheet-{case['original_due_on'][:4]}-{unit}",
    }
    comments: set[str] = set()
    told = []
    for event in _in_order(ledgers):
        data = event["data"]
        if event["name"] == "CommentRecorded" and (data["unit"] == unit or _names(data, unit)):
            comments.add(data["comment"])
        mine = event["stream"] in of_the_case or (
            event["stream"] == f"session-{session}"
            and (
                data.get("unit") == unit
                or data.get("comment") in comments
                or event["name"] in OF_EVERY_REPORTER
            )
        )
        if mine and event["name"] in SENTENCES:
            told.append((event["business_date"], SENTENCES[event["name"]](data), event["citation"]))
    return told


def _names(comment: Data, unit: str) -> bool:
    """Does a general requirement of the comment name the unit?"""
    return any(unit in one["units"] for one in comment["requirements"])


def _in_order(ledgers: dict[str, list[Data]]) -> Iterable[Data]:
    # Within a day the services follow each other in the order of the chain, each in that of its ledger.
    return sorted(
        (event for service in ("review", "rectification", "evaluation") for event in ledgers[service]),
        key=lambda event: event["business_date"],
    )


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def _over(it: Data) -> str:
    return f", {it['overrun_seconds']} s over" if it["overrun_seconds"] else ""


def _lines(lines: Iterable[Data]) -> str:
    return "; ".join(line["task_line"] for line in lines)


def _by_paper(it: Data) -> str:
    return "" if it["entered_by"] == it["by"] else f" on paper, entered by {it['entered_by']}"


def _rolled(it: Data) -> str:
    return "" if it["due_on"] == it["due_before_rolling"] else f" (rolled from {it['due_before_rolling']})"


def _timely(it: Data) -> str:
    return f"{'on time' if it['on_time'] else 'late'} by {it['due_on']}"


def _words(office: str) -> str:
    return office.replace("_", " ").replace("party", "Party")


def _sheet(lines: Iterable[Data]) -> str:
    return ", ".join(f"{line['kind']} {line['state'].replace('_', ' ')}" for line in lines)
