"""The real supervisor with stand-ins for the services; the servers and the issuer are real.

``STAND_IN_FAILS`` names a stand-in that ends at once, to see a start that fails; ``STAND_IN_BEHIND`` one that waits
for an operator.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from deploy.local.plan import STANDARD, Backoff, Plan, Program, Step
from deploy.local.supervisor import main

STAND_IN = str(Path(__file__).with_name("stand_in.py"))
SERVICES = ("scheduling", "review")


def plan() -> Plan:
    """The issuer and two stand-ins, and a step that only shows that steps run."""
    special = {os.environ.get("STAND_IN_FAILS"): ["--fail"], os.environ.get("STAND_IN_BEHIND"): ["--behind"]}
    return Plan(
        steps=(Step("migrate", (sys.executable, "-c", "print('a step ran')")),),
        programs=(
            STANDARD.programs[0],
            *(Program(name, (sys.executable, STAND_IN, *special.get(name, []))) for name in SERVICES),
        ),
        backoff=Backoff(first=0.05),
        ready_within=30.0,
    )


if __name__ == "__main__":
    sys.exit(main(plan()))
