"""Notices: what a person has to do, told by mail and webhook once a day, never twice, with nothing sensitive in it."""
