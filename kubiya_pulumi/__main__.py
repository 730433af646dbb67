"""`python -m kubiya_pulumi` runs the command line, where its script is not on PATH."""

import sys

from kubiya_pulumi.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
