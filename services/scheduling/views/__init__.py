"""The read models of scheduling: the registry, adopted policies and calendars, plans, sessions and observers."""
