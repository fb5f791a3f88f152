"""Whatever a ledger holds has a name that an official would use, and a read model that says how it stands."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from services.portal.web.event_words import EVENTS, STATES
from shared.contracts import PUBLISHERS


def aggregates(service: str) -> Any:
    return import_module(f"services.{service}.application").AGGREGATES


@pytest.mark.parametrize("service", PUBLISHERS)
def test_every_event_of_a_service_has_its_words(service: str) -> None:
    assert set(EVENTS[service]) == {name for one in aggregates(service) for name in one.codec.classes}


@pytest.mark.parametrize("service", PUBLISHERS)
def test_what_is_asked_how_a_stream_stands_is_a_view_of_that_kind(service: str) -> None:
    views = {one.kind: {view.name.replace("_", "-") for view in one.views} for one in aggregates(service)}
    assert {kind for kind, of in STATES[service].items() if not {*of} <= views[kind]} == set()
