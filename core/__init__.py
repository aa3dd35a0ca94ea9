"""What every package shares and that knows no invoice, no ledger and no PayPlug."""
