"""Scheduling: who may be called, by which policy, and who reports to which session on which day."""
