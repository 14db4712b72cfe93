"""The bytes of assets, and nothing but these."""

from __future__ import annotations

from pathlib import Path

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.diff.assets import MISSING, asset_digests


def digest_of(path: Path) -> str:
    """Return the digest of one asset."""
    stack = Stack(
        name="dev/Web", account="111111111111", region="us-west-2", template={}, assets={"a": path}
    )
    return asset_digests(stack)["a"]


def folder_with(folder: Path, **files: str) -> Path:
    """Write a folder with files in another folder inside of it."""
    for name, text in files.items():
        (folder / "src").mkdir(parents=True, exist_ok=True)
        (folder / "src" / name).write_text(text)
    return folder


def test_the_same_files_have_the_same_digest_in_another_folder(tmp_path: Path) -> None:
    one, other = (folder_with(tmp_path / name, a="x", b="y") for name in ("one", "other"))
    assert digest_of(one) == digest_of(other)
    assert digest_of(one).startswith("sha256:")


def test_content_name_and_mode_of_a_file_count(tmp_path: Path) -> None:
    executable = folder_with(tmp_path / "executable", a="x", b="y")
    (executable / "src" / "a").chmod(0o755)
    variants = [
        folder_with(tmp_path / "same", a="x", b="y"),
        folder_with(tmp_path / "content", a="x", b="z"),
        folder_with(tmp_path / "name", a="x", c="y"),
        # The bytes of all files together stay the same.
        folder_with(tmp_path / "border", a="xy", b=""),
        executable,
    ]
    assert len({digest_of(one) for one in variants}) == len(variants)


def test_a_single_file_is_read_and_a_missing_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    assert digest_of(file).startswith("sha256:")
    assert digest_of(tmp_path / "none") == MISSING == "not in the assembly"
