"""The services: each owns its facts, its ledger and its database, and hears the others only as events."""
