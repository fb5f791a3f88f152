"""The service's aggregate, its read models, and the commands that people may give over HTTP."""

from __future__ import annotations

from typing import Any

from services.rectification.domain import case
from services.rectification.domain.case import (
    GrantExtension,
    ReceiptFeedback,
    RefuseExtension,
    RequestExtension,
    ReturnRectification,
    SubmitFeedback,
    VerifyRectification,
)
from services.rectification.domain.situations import Case
from services.rectification.published import publish
from services.rectification.views.case_register import CASE_REGISTER
from services.rectification.views.items import ITEMS
from shared.eventstore import Aggregate, View

SERVICE = "rectification"

CASES: Aggregate[Case, case.Command, case.Event, None] = Aggregate(
    kind="case",
    events=case.Event,
    initial=case.initial,
    decide=case.decide,
    evolve=case.evolve,
    views=(CASE_REGISTER, ITEMS),
    publish=publish,
    deadlines=case.deadlines,
)

AGGREGATES: tuple[Aggregate[Any, Any, Any, Any], ...] = (CASES,)

COMMANDS: tuple[tuple[Aggregate[Any, Any, Any, Any], type[Any]], ...] = (
    (CASES, SubmitFeedback),
    (CASES, ReceiptFeedback),
    (CASES, VerifyRectification),
    (CASES, ReturnRectification),
    (CASES, RequestExtension),
    (CASES, GrantExtension),
    (CASES, RefuseExtension),
)

VIEWS: tuple[View, ...] = (CASE_REGISTER, ITEMS)
