"""Raw SQL lives in the .sql files beside this module and is read by name."""

from functools import cache
from importlib.resources import files


@cache
def read(name: str) -> str:
    """The text of ``<name>.sql``."""
    return files(__name__).joinpath(f"{name}.sql").read_text("utf-8")
