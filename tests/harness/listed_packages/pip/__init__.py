"""`python -m pip` for the engine's language host: see `tests.harness.engine`."""
