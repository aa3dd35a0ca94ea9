"""Addresses with a token: what cannot be one is unknown, on both databases, and never an error of ours."""

from __future__ import annotations

import pytest
from flask import Flask

NOT_TOKENS = ["%00", "a%00b", "%C3%A9", "x" * 65, "..%5C", "%20"]


@pytest.mark.parametrize("token", NOT_TOKENS)
def test_what_is_no_token_is_not_found(each_app: Flask, token: str) -> None:
    client = each_app.test_client()
    assert client.get(f"/p/{token}").status_code == 404
    assert client.post(f"/webhooks/payplug/{token}", data=b"{}").status_code == 404
