"""CDK constructs for container images on AWS: repositories, access to them, and workloads.

The public names are listed in ``__init__.pyi``, for type checkers and for this module alike. Each
is loaded when it is first used, so that ``constructs_lib.rules`` can be imported without starting
the CDK.
"""

import ast
import pkgutil
from importlib import import_module
from typing import Any

_STUB = ast.parse(pkgutil.get_data(__name__, "__init__.pyi") or b"")
_MODULES = {
    alias.name: f".{node.module}"
    for node in _STUB.body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
}
__all__ = sorted(_MODULES)  # noqa: PLE0605 - listed once, in the stub


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)


def __dir__() -> list[str]:
    return __all__
