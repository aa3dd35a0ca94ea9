"""The FEC (fichier des écritures comptables): writing it, its notice, and checking any FEC strictly.

`format` writes, `notice` describes and `check` reads: pure functions over rows and files. Only `export` reads the
ledger, and `produce` brings them together.
Basis: Livre des procédures fiscales, article A47 A-1.
"""
