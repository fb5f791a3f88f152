"""The rules of review, each a predicate named for what it forbids: why it refuses, or None."""
