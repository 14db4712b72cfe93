"""The type of a setting that takes a list or a tuple.

A type checker accepts any sequence. What reads annotations at run time, such as the models of
environment files, makes a tuple of it: specifications are compared, and some are keys.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence as ListOf
else:

    class ListOf:
        """A tuple, at run time.

        >>> ListOf[str]
        tuple[str, ...]
        """

        def __class_getitem__(cls, item: Any) -> Any:
            """Return the type of a tuple of items."""
            return tuple[item, ...]


__all__ = ["ListOf"]
