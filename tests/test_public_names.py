"""What the package offers is what `__all__` says."""

import kubiya_pulumi


def test_the_public_names_are_sorted_and_there():
    assert kubiya_pulumi.__all__ == sorted(kubiya_pulumi.__all__)
    for name in kubiya_pulumi.__all__:
        assert getattr(kubiya_pulumi, name).__doc__
