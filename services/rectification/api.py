"""HTTP beyond the generic routes: none. The register's rows get their light from ``CASE_REGISTER.present``."""
