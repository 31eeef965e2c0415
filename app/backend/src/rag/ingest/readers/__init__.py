"""One module for each family of formats: `pages` makes pages of text of a file's bytes.

Only the process that reads a document loads them (child.py), and only the one that it needs.
"""
