"""ZIP packages of a period for the accountant: which parts there are, and writing them."""
