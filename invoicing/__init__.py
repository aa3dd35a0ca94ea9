"""Documents and what is owed on them; knows no PayPlug."""
