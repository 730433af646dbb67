"""The checks: each module finds violations of its rules in an inventory of objects."""
