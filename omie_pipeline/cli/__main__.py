"""``python -m omie_pipeline.cli``."""

from omie_pipeline.cli import main

if __name__ == "__main__":
    main()
