"""The read models of evaluation: units, sheets, outcomes, annual reports, and what coverage is counted from."""
