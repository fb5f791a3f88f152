"""The read models of evaluation: the units heard of, the sheets, and on which sheet each case counts."""
