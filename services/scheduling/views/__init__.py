"""The read models of scheduling: the registry, adopted policies, plans, sessions and observers."""
