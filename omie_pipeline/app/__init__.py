"""Use cases over one deployment: what is done first, and what follows when something stops.

The terminal and Dagster call these, and only turn what they are told into words, exit codes and
events. ``deployment`` puts settings, warehouse and clients together; ``consequences`` says what
follows from an error; every other module is a use case.
"""
