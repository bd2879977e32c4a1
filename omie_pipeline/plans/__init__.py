"""Plans that a person reads before anything is sent: stored, approved, applied as they stand."""
