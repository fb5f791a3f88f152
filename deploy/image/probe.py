"""``python -m deploy.image.probe ADDRESS …``: exit 0 where each answers 200; a path alone asks this container.

For a health check inside the image, which has no curl, and for ``helm test``.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request

_WITHIN_SECONDS = 4.0


def whole(address: str) -> str:
    """An address as it is; a path as an address of the service of this container."""
    if address.startswith("/"):
        return f"http://127.0.0.1:{os.environ.get('SHUFA_PORT', '8000')}{address}"
    return address


def answer(address: str) -> str | None:
    """None where the address answers 200; otherwise what it said instead."""
    # No proxy: what is asked is beside us.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=_WITHIN_SECONDS):
            return None
    except urllib.error.HTTPError as refused:
        return f"{refused.code} {refused.read(2_000).decode('utf-8', 'replace')}"
    except OSError as error:
        return str(error)


def main(addresses: list[str]) -> int:
    """Ask every address, say what is wrong with each."""
    said = {one: answer(whole(one)) for one in addresses}
    for address, problem in said.items():
        print(f"{address}: {problem or 'ok'}", file=sys.stderr if problem else sys.stdout)
    return 1 if not said or any(said.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
