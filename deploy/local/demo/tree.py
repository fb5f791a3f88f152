"""The rest of the tree: the tenants that no step is about, opened in bulk when the story has been played."""

from __future__ import annotations

import asyncio

import httpx

from deploy.local.cluster import Cluster
from deploy.local.demo.scenario import Scenario
from deploy.local.home import LocalError
from deploy.local.tenants import open_tree
from deploy.local.tree import read_tree


def open_whole_tree(cluster: Cluster, scenario: Scenario) -> int:
    """Register every tenant of the scenario's tree and answer how many there are. Those of the story are registered
    already, under the same name: nothing is new to them. Raises LocalError where one is refused."""
    tree = read_tree(scenario.tree_file)

    async def register() -> list[str]:
        token = cluster.token(scenario.index.tree.admin)
        async with httpx.AsyncClient(
            base_url=cluster.service_url("scheduling"),
            headers={"Authorization": f"Bearer {token}"},
            timeout=30.0,
            trust_env=False,
        ) as client:
            return [f"{one.branch.tenant}: {one.reason}" for one in await open_tree(client, tree)]

    refused = asyncio.run(register())
    if refused:
        raise LocalError(f"{len(refused)} tenants of {scenario.tree_file} were refused.", tail=tuple(refused))
    return len(tree)
