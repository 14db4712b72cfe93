"""Connections to registries, direct or through the proxy that the usual variables name."""

import os
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

# The connections that all threads of a copy keep.
KEPT = 16


class Connections:
    """The connections to any host, for any number of threads.

    ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY`` mean what they mean to AWS's own clients.
    """

    def __init__(self) -> None:
        self._pools: dict[str, urllib3.PoolManager] = {}

    def request(self, method: str, url: str, **options: Any) -> urllib3.BaseHTTPResponse:
        """Send a request; the options are those of urllib3."""
        proxy = _proxy_of(url)
        pool = self._pools.get(proxy) or self._pools.setdefault(proxy, _pool(proxy))
        return pool.request(method, url, **options)


def _proxy_of(url: str) -> str:
    """Return the URL of the proxy for a request; empty where there is none."""
    target = urlsplit(url)
    proxy = getproxies().get(target.scheme)
    if not proxy or proxy_bypass(target.netloc.rpartition("@")[2]):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _pool(proxy: str) -> urllib3.PoolManager:
    # The variable of AWS's CLI and SDKs, for networks whose proxy has a certificate of its own.
    authorities = os.environ.get("AWS_CA_BUNDLE") or None
    if not proxy:
        return urllib3.PoolManager(maxsize=KEPT, ca_certs=authorities)
    parts = urlsplit(proxy)
    headers = None
    if parts.username:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers = urllib3.make_headers(proxy_basic_auth=user)
    return urllib3.ProxyManager(
        parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(),
        maxsize=KEPT,
        ca_certs=authorities,
        proxy_headers=headers,
    )
