"""Documents as people send them and as the system writes them."""
