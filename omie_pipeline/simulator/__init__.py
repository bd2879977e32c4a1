"""A stand-in for Omie's API: the catalog served over HTTP on loopback, with Omie's own rules.

A program of its own, reached by URL. Tests start it with
:func:`omie_pipeline.simulator.engine.server.running_simulator`.
"""
