"""The chart, beside it what unpacks Helm to check it with."""
