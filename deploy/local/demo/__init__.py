"""The demo: a scenario under business dates, played over HTTP against the real system, every step checked."""
