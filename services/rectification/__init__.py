"""Rectification: what was asked of a unit, by when, what it fed back, who receipted and who verified."""
