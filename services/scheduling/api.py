"""HTTP beyond the generic routes: none. ``warnings`` in plans and sessions are looked up in messages.toml."""
