"""One machine: embedded PostgreSQL and NATS, a supervisor for the services, and the ``shufa`` command."""
