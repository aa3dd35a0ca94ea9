"""What every page needs: sign-in, rights, language, theme, formats, headers, errors. Wired by `wsgi.py`."""
