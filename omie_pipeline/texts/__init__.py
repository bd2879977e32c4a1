"""The Portuguese texts that staff read, by the folder that says them.

A text without a place to fill is a constant; one with places is a function, so that a place cannot
be forgotten. What a person does about a text stands below it under the same name and ``_FIX``.
A catalogue says words and decides nothing: what is counted, formatted or chosen comes to it ready.
"""
