"""The files of the distribution of the review, in a folder from which it is built.

``python -m distributions.review.stage DIR`` writes them. The modules are those that the program
imports, and no others: names such as ``stacks`` must never land beside another app's.
"""

import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import grimp

ROOT = Path(__file__).parent.parent.parent
HERE = Path(__file__).parent
PROGRAM = "ecrctl.review.standalone"
# Every import of another top-level package of this repository would be copied as well.
ROOMS = ("checked_files", "constructs_lib", "ecrctl", "environments", "stacks")
# The distribution of the constructs has these.
INSTALLED = "constructs_lib"
LIBRARY = "@aws-cdk/cloudformation-diff"
_DATA = (".js", ".json")


def stage(folder: Path) -> None:
    """Write everything from which the distribution is built."""
    folder.mkdir(parents=True)
    for name in ("pyproject.toml", "README.md"):
        shutil.copyfile(HERE / name, folder / name)
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    for file in source_files():
        target = folder / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    packages = node_packages()
    for package in packages:
        place = package.relative_to(ROOT / "node_modules")
        target = folder / "ecrctl" / "review" / "diff" / "node_modules" / place
        # What begins with a dot configures the development of a package.
        shutil.copytree(package, target, ignore=shutil.ignore_patterns(".*"))
    inner = [one for package in packages for one in _packages_inside(package)]
    licenses = "\n".join(map(_license_text, [*packages, *inner]))
    (folder / "THIRD-PARTY-LICENSES.txt").write_text(licenses, encoding="utf-8")


def source_files() -> list[Path]:
    """Return the program's modules, the packages around them, and the data beside them."""
    modules = {PROGRAM, *grimp.build_graph(*ROOMS).find_upstream_modules(PROGRAM)}
    own = sorted(name for name in modules if name.partition(".")[0] != INSTALLED)
    files = {_file_of(name) for name in own}
    for file in list(files):
        files |= {parent / "__init__.py" for parent in _packages_around(file)}
        files |= {one for one in file.parent.iterdir() if one.suffix in _DATA}
    return sorted(files)


def _file_of(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _packages_around(file: Path) -> Iterator[Path]:
    return (folder for folder in file.parents if ROOT in folder.parents)


def node_packages() -> list[Path]:
    """Return the folders of the library and of every package that it requires."""
    found: dict[Path, None] = {}
    waiting = [LIBRARY]
    while waiting:
        package = ROOT / "node_modules" / waiting.pop()
        if package not in found:
            found[package] = None
            waiting += _manifest(package).get("dependencies", {})
    return sorted(found)


def _packages_inside(package: Path) -> list[Path]:
    """Return the packages that a package has in versions of its own."""
    names = ("node_modules/*/package.json", "node_modules/@*/*/package.json")
    return sorted(file.parent for name in names for file in package.glob(name))


def _manifest(package: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((package / "package.json").read_text(encoding="utf-8"))
    return manifest


def _license_text(package: Path) -> str:
    """Return a package's name and licenses; raise if there are none to distribute."""
    manifest = _manifest(package)
    title = f"{manifest['name']} {manifest['version']} ({manifest.get('license', 'no license')})"
    texts = [file.read_text(encoding="utf-8") for file in _license_files(package)]
    if not texts:
        sys.exit(f"{package} must have a file with its license, which is distributed with it.")
    return "\n".join([title, "=" * len(title), "", *texts])


def _license_files(package: Path) -> Iterable[Path]:
    names = ("license", "licence", "notice", "copying")
    return sorted(one for one in package.iterdir() if one.name.lower().startswith(names))


if __name__ == "__main__":
    stage(Path(sys.argv[1]))
