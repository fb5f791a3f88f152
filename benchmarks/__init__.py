"""Measures the kernel beside what people use now: `make bench`. README.md says what each figure means."""
