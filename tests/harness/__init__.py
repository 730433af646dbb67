"""Shared tools of the tests: the engine, kubectl, a search for secrets, and random faults."""
