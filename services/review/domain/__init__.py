"""The rules of review, pure: drafts, the session as it runs, and the minutes."""
