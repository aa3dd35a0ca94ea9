"""The demonstration: a made-up company with a year behind it, and the processes that let a person play with it."""
