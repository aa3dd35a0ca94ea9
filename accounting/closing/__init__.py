"""The end of a year: what is missing, closing it, its opening entries, its archive and the log."""
