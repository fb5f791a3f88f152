"""What an operator sees: JSON log lines and Prometheus metrics."""
