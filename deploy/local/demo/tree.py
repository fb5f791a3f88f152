"""The rest of the tree: the tenants that no step is about, opened in bulk when the story has been played."""

from __future__ import annotations

import asyncio

from deploy.local.asking import client_of
from deploy.local.cluster import Cluster
from deploy.local.demo.scenario import Scenario
from deploy.local.home import LocalError
from deploy.local.openings import openings, read_opening
from deploy.local.tenants import Opened, open_tree
from deploy.local.tree import read_tree


def open_whole_tree(cluster: Cluster, scenario: Scenario) -> Opened:
    """Open every tenant of the scenario's tree, with its units, policy and first plan, and answer what was new.

    Those of the story are registered already, under the same name: what they have is kept. Raises LocalError where one
    is refused.
    """
    asked = openings(read_tree(scenario.tree_file), read_opening(scenario.opening_file))

    async def opening() -> Opened:
        token = cluster.token(scenario.index.tree.admin)
        async with client_of(cluster.service_url("scheduling"), token) as client:
            return await open_tree(client, asked)

    opened = asyncio.run(opening())
    if opened.refused:
        told = tuple(f"{one.branch.tenant}: {one.reason}" for one in opened.refused)
        raise LocalError(f"{len(told)} tenants of {scenario.tree_file} were refused.", tail=told)
    return opened
