"""A mailbox for the demo and the tests: an SMTP server and an address for SMS that keep what
they get, and pages to read it.

Run by the demo as `python -m core.local_mailbox`, in the tests by `core.local_mailbox.testing`. It stands for the
customers' mail and telephone providers, so it imports nothing else of the product.
"""
