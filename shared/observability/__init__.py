"""What an operator sees: JSON log lines, Prometheus metrics, and traces where a collector takes them."""
