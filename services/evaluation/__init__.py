"""Evaluation: what counts in a unit's year, and the ledger events that show it."""
