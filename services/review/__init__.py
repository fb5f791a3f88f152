"""Review: what is said, from the draft to the minutes."""
