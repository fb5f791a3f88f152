"""Pure rules of what is shown: who has what to do, and which words say it."""
