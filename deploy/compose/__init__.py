"""What docker-compose.yml mounts into its containers, and what makes its secrets."""
