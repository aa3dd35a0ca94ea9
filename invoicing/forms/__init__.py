"""The forms of invoicing: what a browser sends, turned into the inputs of the verbs."""
