"""What a company chooses for its books: each choice checked, logged and never retroactive."""
