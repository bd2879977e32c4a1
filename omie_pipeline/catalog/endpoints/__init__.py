"""One small file per service of Omie that the pipeline writes to or refers to."""
