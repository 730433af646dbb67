"""The checks: each module defines rules and finds violations of them."""
