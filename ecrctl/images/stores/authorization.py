"""The credentials of a registry: basic as ECR takes them, or a bearer token in exchange for them.

Source: CNCF Distribution, "Token Authentication Specification".
"""

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlencode

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_SHORTEST_SECONDS = 60
# A token is replaced before it expires, as a request may take a while.
_USED_PART = 0.7

# Gets a URL with an Authorization header, and returns the body where the answer is a success.
Get = Callable[[str, str | None], bytes | None]
Scopes = tuple[str, ...]


@dataclass(slots=True)
class Authorization:
    """The value of the header ``Authorization`` for each scope.

    :param basic: base64 of ``user:password``; ``None`` for a registry that anyone may read.
    :param renew: returns new basic credentials where the registry rejects these.
    """

    basic: str | None = field(repr=False)
    renew: Callable[[], str] | None = field(default=None, repr=False)
    _realm: tuple[str, str] | None = field(default=None, init=False)
    _tokens: dict[Scopes, tuple[str, float]] = field(default_factory=dict, init=False, repr=False)
    _secrets: set[str] = field(default_factory=set, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def header(self, scopes: Scopes, get: Get) -> str | None:
        """Return the header for some scopes."""
        with self._lock:
            if self._realm:
                known = self._tokens.get(scopes)
                if not known or known[1] < time.monotonic():
                    self._fetch(scopes, get)
                token = self._tokens.get(scopes)
                return f"Bearer {token[0]}" if token else None
            return f"Basic {self.basic}" if self.basic else None

    def accepts(self, challenge: str, scopes: Scopes, used: str | None, get: Get) -> bool:
        """Return whether another attempt has other credentials than the rejected ones.

        :param challenge: the header ``WWW-Authenticate`` of the rejection.
        :param used: the rejected header.
        """
        with self._lock:
            if challenge.lower().startswith("bearer "):
                parameters = dict(_PARAMETER.findall(challenge))
                self._realm = (parameters.get("realm", ""), parameters.get("service", ""))
                known = self._tokens.get(scopes)
                if known and used != f"Bearer {known[0]}":
                    return True  # another thread has replaced the token
                self._tokens.pop(scopes, None)
                self._fetch(scopes, get)
                return scopes in self._tokens
            if self.renew and used == f"Basic {self.basic}":
                self._secrets.add(self.basic or "")
                self.basic, self.renew = self.renew(), None
                return True
            return used != (f"Basic {self.basic}" if self.basic else None)

    def redacted(self, text: str) -> str:
        """Return a text of a registry without the secrets that were sent to it."""
        secrets = {self.basic or "", *self._secrets, *(token for token, _ in self._tokens.values())}
        for secret in filter(None, secrets):
            text = text.replace(secret, "***")
        return text

    def _fetch(self, scopes: Scopes, get: Get) -> None:
        realm, service = self._realm or ("", "")
        joint = "&" if "?" in realm else "?"
        query = urlencode([("service", service), *(("scope", scope) for scope in scopes)])
        basic = f"Basic {self.basic}" if self.basic else None
        content = get(f"{realm}{joint}{query}", basic)
        token, seconds = _token(content)
        if token:
            self._secrets.add(token)
            self._tokens[scopes] = (token, time.monotonic() + seconds * _USED_PART)


def _token(content: bytes | None) -> tuple[str | None, float]:
    try:
        answer: Any = json.loads(content or b"")
    except ValueError:
        return None, 0
    if not isinstance(answer, dict):
        return None, 0
    token = answer.get("token") or answer.get("access_token")
    seconds = answer.get("expires_in")
    if not isinstance(token, str):
        return None, 0
    return token, seconds if isinstance(seconds, int | float) and seconds > 0 else _SHORTEST_SECONDS


def scope_of(repository: str, actions: Sequence[str]) -> str:
    """Return the scope of some actions on a repository."""
    return f"repository:{repository}:{','.join(actions)}"
