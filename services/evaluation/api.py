"""HTTP beyond the generic routes: none. Who may read a sheet, its unit and one department, is in shared.security."""
