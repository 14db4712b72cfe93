"""``python -m ecrctl``, the same as ``.venv/bin/ecrctl``."""

from ecrctl.cli import main

if __name__ == "__main__":
    main()
