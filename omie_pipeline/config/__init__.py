"""Configuration in, plain objects out: environment, empresas, addresses, defaults."""
