"""Files that are written from declarations: each fact is declared once.

``make generate`` writes them; a test compares them with what is committed.
"""
