"""HTTP beyond the generic routes: none."""
