"""The site as `make docs` builds it, and as Chromium shows its pages without a server."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import constructs_lib
from tests.site.browser import Browser, chromium
from tests.support import ROOT

_READ = """({
  ids: [...document.querySelectorAll('[id]')].map(one => one.id),
  links: [...document.querySelectorAll('a[href]')].map(one => one.href),
  images: [...document.images].filter(one => !one.naturalWidth).map(one => one.src),
})"""
_SEARCH = """new Promise((done, failed) => {
  const input = document.querySelector('[data-md-component=search-query]');
  const results = document.querySelector('[data-md-component=search-result]');
  const ended = () => failed(new Error('no result'));
  const timer = setTimeout(ended, 10000);
  new MutationObserver(() => {
    const found = [...results.querySelectorAll('.md-search-result__item a')];
    if (found.length) {
      clearTimeout(timer);
      done(found.map(one => one.href));
    }
  }).observe(results, {childList: true, subtree: true});
  input.focus();
  input.value = WORD;
  input.dispatchEvent(new Event('keyup', {bubbles: true}));
})"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A page after Chromium has opened it."""

    errors: list[str]
    requests: list[str]
    ids: frozenset[str]
    links: list[str]
    images: list[str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site."""
    folder = tmp_path_factory.mktemp("site") / "site"
    done = subprocess.run(
        ["make", "--no-print-directory", "docs", f"SITE={folder}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Written to {folder}/index.html\n"
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a browser."""
    with chromium(tmp_path_factory.mktemp("browser") / "profile") as one:
        yield one


@pytest.fixture(scope="module")
def opened(site: Path, browser: Browser) -> dict[str, Opened]:
    """Return every page of the site by its address."""
    pages = {}
    # 404.html is for a server, whose root it refers to.
    for file in sorted(set(site.rglob("*.html")) - {site / "404.html"}):
        browser.open(file.as_uri())
        read = browser.evaluate(_READ)
        pages[file.as_uri()] = Opened(
            errors=browser.errors,
            requests=browser.requests,
            ids=frozenset(read["ids"]),
            links=read["links"],
            images=read["images"],
        )
    return pages


def test_every_page_is_opened_without_an_error_or_a_warning(opened: dict[str, Opened]) -> None:
    assert len(opened) > 30
    assert {page: one.errors for page, one in opened.items() if one.errors} == {}


def test_no_page_requests_anything_outside_the_site(site: Path, opened: dict[str, Opened]) -> None:
    inside = (site.as_uri() + "/", "data:")
    requests = {request for one in opened.values() for request in one.requests}
    assert any(request.endswith(".css") for request in requests)
    assert {request for request in requests if not request.startswith(inside)} == set()


def test_no_page_has_a_dead_link(site: Path, opened: dict[str, Opened]) -> None:
    dead = set()
    count = 0
    for page, one in opened.items():
        for link in one.links:
            address, _, anchor = link.partition("#")
            if not address.startswith("file:"):
                continue
            count += 1
            target = opened.get(address)
            is_file = address.startswith(site.as_uri()) and Path(address.removeprefix("file://"))
            if target is None and not (is_file and is_file.is_file()):
                dead.add((page, link))
            if target is not None and anchor and anchor not in target.ids:
                dead.add((page, link))
    assert count > 1000
    assert dead == set()


def test_every_picture_is_shown(opened: dict[str, Opened]) -> None:
    assert {page: one.images for page, one in opened.items() if one.images} == {}


@pytest.mark.parametrize(
    ("word", "page"),
    [
        ("lifecycle", "guides/repositories-and-access.html"),
        ("immutable", "reference/repositories.html"),
        ("Fargate", "guides/running-an-image.html"),
        ("CronJob", "reference/workloads.html"),
        ("pin", "guides/an-images-way.html"),
        ("shield", "glossary.html"),
        ("drift", "guides/checking-a-deployment.html"),
        ("data-loss", "guides/reviewing-a-change.html"),
        ("GitLab", "guides/images-in-ci.html"),
        ("croniter", "decisions/0003-what-is-written-by-hand.html"),
    ],
)
def test_the_search_finds_a_word(
    word: str, page: str, site: Path, browser: Browser, opened: dict[str, Opened]
) -> None:
    assert opened
    browser.open((site / "index.html").as_uri())
    found = browser.evaluate(_SEARCH.replace("WORD", f"'{word}'"))
    assert (site / page).as_uri() in {link.partition("?")[0] for link in found}


def test_the_reference_has_every_construct(site: Path) -> None:
    pages = "".join(page.read_text() for page in (site / "reference").glob("*.html"))
    anchors = set(re.findall(r'id="constructs_lib\.[\w.]*?(\w+)"', pages))
    assert set(constructs_lib.__all__) - anchors == set()
    # An example is a block of code, not a quotation within a quotation.
    assert "&gt;&gt;&gt;" in pages
    assert "<blockquote>" not in pages
    assert not re.search(r":(?:class|func|param)\b", pages)
