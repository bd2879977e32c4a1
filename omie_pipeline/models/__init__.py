"""The models as the warehouse has them: what dbt last made, and bringing payload tables up to date
without dbt (ADR 0035)."""
