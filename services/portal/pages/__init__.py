"""Pages, one module each: the routes of what a person opens."""
