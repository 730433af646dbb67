"""A review in one sentence."""

from kubiya_pulumi.review import Review, Severity


def summary(review: Review) -> str:
    """How much was found: `2 errors, 1 note; 1 of them denied.`"""
    counts = {
        severity: sum(finding.severity == severity for finding in review.findings)
        for severity in Severity
    }
    found = [f"{n:,} {name}{'s' * (n > 1)}" for name, n in counts.items() if n]
    denied = f"; {len(review.denied):,} of them denied" if review.denied else ""
    return f"{', '.join(found) or 'Nothing found'}{denied}."
