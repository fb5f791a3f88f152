"""Read models kept of all public events, one file each."""
