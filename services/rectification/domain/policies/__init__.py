"""Every rule of rectification that can refuse: a predicate named for the rule, answering why, or None.

The numbers in their docstrings are domain.md's: "1.8" is step 8 of its first section, "2" its table of open
questions.
"""
