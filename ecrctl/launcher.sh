#!/bin/sh
# Installed by make as .venv/bin/ecrctl. The project's own packages are in no site-packages:
# names such as "stacks" must never land beside another app's.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
PYTHONPATH="$here/../..${PYTHONPATH:+:$PYTHONPATH}" exec "$here/python" -m ecrctl "$@"
