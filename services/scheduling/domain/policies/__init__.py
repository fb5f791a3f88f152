"""The rules of scheduling that refuse: each a predicate named for what it forbids, saying why or None."""
