"""Small factories for tests of every package; each goes through the verbs a user would use."""
