"""What is exported and imported, by empresa and endpoint, as people decide it; and who rests.

Two logs: ``omie_sync.switch`` and ``omie_sync.pause``. What was decided last stands.
"""
