"""Lettering (lettrage): which lines of a customer settle each other, by itself and by hand."""
