"""Where a webhook may lead: not inside, in production only by https, and never elsewhere than was looked at."""

from __future__ import annotations

import pytest

from services.portal.notices.channels import Mode, permitted_address, permitted_url
from shared.decider import Refused


async def allowed(address: str, mode: Mode) -> str:
    try:
        return await permitted_address(permitted_url(address, mode), mode)
    except Refused as refused:
        return str(refused.data["why"])


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://93.184.216.34/hook", "not-https"),
        ("ftp://93.184.216.34/hook", "not-https"),
        ("https:///hook", "malformed"),
        ("https://user:password@93.184.216.34/", "malformed"),
        ("https://127.0.0.1/", "not-public"),
        ("https://[::1]/", "not-public"),
        ("https://[::ffff:127.0.0.1]/", "not-public"),
        ("https://[::ffff:10.0.0.1]/", "not-public"),
        ("https://10.1.2.3/", "not-public"),
        ("https://172.16.0.1/", "not-public"),
        ("https://192.168.1.1:8443/", "not-public"),
        ("https://169.254.169.254/latest/meta-data", "not-public"),
        ("https://100.64.0.1/", "not-public"),
        ("https://224.0.0.1/", "not-public"),
        ("https://0.0.0.0/", "not-public"),
        ("https://[fe80::1]/", "not-public"),
        ("https://[fd00::1]/", "not-public"),
        ("https://localhost/", "not-public"),
        ("https://2130706433/", "not-public"),
        ("https://93.184.216.34/hook", "93.184.216.34"),
    ],
)
async def test_in_production_a_webhook_lies_in_the_open(address: str, why: str) -> None:
    assert await allowed(address, "production") == why


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://127.0.0.1:8080/hook", "127.0.0.1"),
        ("https://10.1.2.3/", "not-public"),
        ("http://192.168.1.1/", "not-public"),
    ],
)
async def test_where_it_is_tried_out_the_own_machine_is_allowed_and_no_other_inside(
    address: str, why: str
) -> None:
    assert await allowed(address, "development") == why
