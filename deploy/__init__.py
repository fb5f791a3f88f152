"""How Shufa is run: on one machine (deploy.local)."""
