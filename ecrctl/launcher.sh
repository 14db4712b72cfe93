#!/bin/sh
# Installed by make as .venv/bin/ecrctl. The project's own packages are in no site-packages:
# names such as "stacks" must never land beside another app's.
file=$0
# A link elsewhere, such as in ~/bin, leads here.
while [ -h "$file" ]; do
  target=$(readlink "$file")
  case $target in
    /*) file=$target ;;
    *) file=$(dirname -- "$file")/$target ;;
  esac
done
here=$(CDPATH='' cd -- "$(dirname -- "$file")" && pwd -P)
PYTHONPATH="$here/../..${PYTHONPATH:+:$PYTHONPATH}" exec "$here/python" -m ecrctl "$@"
