"""Payouts, fees, chargebacks and balances as typed calls: a part of `SimulatorControl`."""

from __future__ import annotations

from typing import Any

JsonObject = dict[str, Any]


class OperationsControl:
    """Calls about the money of an account; the default account is the first one."""

    def accounts(self) -> list[JsonObject]:
        """Every account with its keys and limits."""
        raise NotImplementedError

    def _object(self, method: str, path: str, **body: object) -> JsonObject:
        raise NotImplementedError

    def balance(self, account_id: str | None = None) -> int:
        """The live balance in cents."""
        return int(self._object("GET", f"{self._account(account_id)}/balance")["live"])

    def pay_out(
        self, amount: int | None = None, *, at: int | None = None, account_id: str | None = None
    ) -> JsonObject:
        """Send `amount` cents, or all, to the bank."""
        return self._object("POST", f"{self._account(account_id)}/payout", amount=amount, at=at)

    def invoice_fees(self, month: str | None = None, *, account_id: str | None = None) -> JsonObject:
        """Take the fees of a month (`2026-09`), the one before by default."""
        return self._object("POST", f"{self._account(account_id)}/fees", month=month)

    def dispute(self, payment_id: str, amount: int | None = None, *, at: int | None = None) -> JsonObject:
        """The buyer's bank takes the money back."""
        return self._object("POST", f"/payments/{payment_id}/dispute", amount=amount, at=at)

    def win_dispute(self, payment_id: str, *, at: int | None = None) -> JsonObject:
        """The money of the dispute comes back."""
        return self._object("POST", f"/payments/{payment_id}/dispute/win", at=at)

    def _account(self, account_id: str | None) -> str:
        return f"/accounts/{account_id or self.accounts()[0]['id']}"
