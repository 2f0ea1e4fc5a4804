"""`python -m dashctl`: the command, for this very Python."""

import sys

from dashctl.cli import main

if __name__ == "__main__":
    sys.exit(main())
