"""The payment processor: everything that speaks PayPlug lives here and nowhere else."""
