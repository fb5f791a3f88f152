"""What several services must agree on: the event-sourcing kernel, the published language, dates and tenancy."""
