"""``python -m ecrctl``, the same as ``.venv/bin/ecrctl``."""

import signal
import sys

if __name__ == "__main__":
    # Until the command line installs its own handlers, no process has to be ended but this one.
    signal.signal(signal.SIGINT, lambda _signal, _frame: sys.exit(130))

    from .cli import main

    main()
