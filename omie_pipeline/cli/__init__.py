"""The terminal: ``omie-pipeline``. Heavy modules load inside the commands, so help is instant."""


def main() -> None:
    """Console script ``omie-pipeline``; ends the process with the exit code."""
    from omie_pipeline.cli.app import app

    app(prog_name="omie-pipeline")
