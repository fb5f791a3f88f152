"""Where to go on after the story: the portal, and example users whose pages differ, each a link that signs in."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import yaml
from rich.console import Console

from deploy.local.cluster import Cluster
from deploy.local.home import PROJECT

OF_MAKE = PROJECT / ".demo"
"""Where `make demo` keeps its system."""
PEOPLE: tuple[tuple[str, str, str], ...] = (
    ("law-clerk", "依法治区办", "plan, rosters, drafts to review, feedback to receipt and to verify"),
    ("party-clerk", "区委办", "the session as it runs, minutes, receipts"),
    ("vice-mayor", "区领导", "drafts, the words to confirm in the minutes"),
    ("liaison-langxia", "廊下镇联络员", "what the town has to hand in and to put right"),
    ("reporter-langxia", "廊下镇党委书记", "the own report, the own case, the own sheet"),
    ("supervision", "督查室", "what is overdue, notices, inspections"),
    ("organization", "组织部", "the annual evaluation"),
    ("langxia-justice", "廊下镇司法所", "the same work one tier below, in the town's own tenant"),
    ("bureau-law", "区生态环境局法规科", "the same in a bureau"),
    ("admin", "管理员", "the registry, and coverage of the whole tree"),
    ("auditor", "审计", "every ledger: searched, as of any day, verified"),
    ("operator", "运维", "what is ready, on its way, stuck"),
)
"""Example users in the order of the story: id, whose desk it is, and what is on it."""


def tell_where_to_go_on(console: Console, cluster: Cluster, users: Path) -> None:
    """Print the address, the people there are and how to end it."""
    known = {user["id"] for user in yaml.safe_load(users.read_text("utf-8"))}
    portal, home = cluster.service_url("portal"), cluster.home.root
    console.print(f"\nIt is up. The portal 述法 is at {portal}/ — one click signs in as:\n", soft_wrap=True)
    for id, desk, sees in PEOPLE:
        if id in known:
            console.print(f"  {portal}/signin?hint={quote(id)}", soft_wrap=True)
            console.print(f"      {desk} — {sees}", soft_wrap=True)
    console.print("\nThe simulated day stands still; what you do there goes into the ledgers too.")
    console.print(f"A token for the APIs   shufa token law-clerk --home {home}", soft_wrap=True)
    console.print(f"What runs              shufa status --home {home}", soft_wrap=True)
    ends = "make demo-down" if home == OF_MAKE else f"shufa down --purge --home {home}"
    console.print(f"Stop it, remove it     {ends}", soft_wrap=True)
