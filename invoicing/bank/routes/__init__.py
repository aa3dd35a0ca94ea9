"""The pages about the bank."""
