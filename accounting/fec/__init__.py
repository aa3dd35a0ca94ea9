"""The FEC (fichier des écritures comptables): writing it, its notice, and checking any FEC strictly.

Pure functions over rows and files, without database or web. `format` writes, `notice` describes, `check` reads.
Basis: Livre des procédures fiscales, article A47 A-1.
"""
