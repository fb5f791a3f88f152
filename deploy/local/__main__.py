"""``python -m deploy.local``: the ``shufa`` command where the project is not installed."""

from deploy.local.cli import app

app(prog_name="shufa")
