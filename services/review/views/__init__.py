"""The read models of review: drafts, proceedings, comments."""
