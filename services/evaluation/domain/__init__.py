"""The pure half of evaluation: the registry as heard, and the annual sheets."""
