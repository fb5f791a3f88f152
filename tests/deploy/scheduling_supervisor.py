"""The real supervisor with one real service, scheduling; the servers, the issuer and the steps are real."""

from __future__ import annotations

import sys

from deploy.local.plan import ISSUER, STANDARD, Plan
from deploy.local.supervisor import main

if __name__ == "__main__":
    programs = (program for program in STANDARD.programs if program.name in (ISSUER, "scheduling"))
    sys.exit(main(Plan(STANDARD.steps, tuple(programs))))
