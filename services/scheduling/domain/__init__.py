"""The pure half of scheduling: registry, policies, the year's plan and the rosters."""
