"""The rules of a rectification case. Pure: no input, no output, no clock of its own."""
