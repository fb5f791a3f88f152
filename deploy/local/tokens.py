"""A bearer token for an example user, asked of the running development issuer with the home's own secret."""

from __future__ import annotations

import http.client
import json

from deploy.local.credentials import read_credentials
from deploy.local.home import Home, LocalError
from deploy.local.state import read_up

SECRET_HEADER = "X-Shufa-Home-Secret"


def mint(home: Home, user: str) -> str:
    """A token for a user of the users file, good for twelve hours and for this run (its issuer is an address).

    Raises NotUp, and LocalError for a user unknown.
    """
    address = read_up(home).processes["issuer"].address
    connection = http.client.HTTPConnection(address or "", timeout=10)
    try:
        headers = {"Content-Type": "application/json", SECRET_HEADER: read_credentials(home).issuer}
        connection.request("POST", "/token", json.dumps({"user": user}), headers)
        answer = connection.getresponse()
        body = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LocalError(f"The issuer at {address} does not answer: {error}.") from error
    finally:
        connection.close()
    if answer.status != 200:
        raise LocalError(str(body.get("detail", body)))
    return str(body["access_token"])
