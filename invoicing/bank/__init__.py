"""Money at the bank: cheques handed in, statements imported, and what of them the books say."""
