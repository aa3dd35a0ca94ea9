"""A local PayPlug: speaks the v1 API so that the official library cannot tell the difference. No real money.

Started by the demo, by `solde payplug simulator` and by tests; imports nothing of the product.
`docs/simulator.md` describes it for people, `testing.py` is the door for tests.
"""
