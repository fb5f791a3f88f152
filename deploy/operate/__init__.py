"""What an operator does to one service that runs: parked events, publishing again, ledgers and roots, read models.

The ``shufa`` command does it to a home on this machine; ``python3 -m deploy.operate`` inside a service's container.
"""
