"""The files in ``environments/``, whatever their user wrote: any valid content passes.

No test here knows an account, a repository or the name of an environment. An invalid file fails
with the sentences that ``cdk synth`` prints.
"""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from constructs_lib.rules.faults import RuleError
from environments import DIRECTORY
from environments.faults import EnvironmentFault
from environments.json_schema import schemas
from environments.loading import environment_names, pins_path
from tests.assemblies import stacks_of
from tests.compliance.test_cfn_lint import findings
from tests.support import synthesise


def synthesised(name: str | None, directory: Path, outdir: Path) -> Path:
    """Synthesise an environment, or all; faults fail the test without a traceback."""
    try:
        return synthesise(directory, outdir, name)
    except (EnvironmentFault, RuleError) as fault:
        whose = f"the environment '{name}'" if name else "your environments"
        pytest.fail(f"Correct the files of {whose}:\n{fault}", pytrace=False)


@pytest.mark.parametrize("name", environment_names(DIRECTORY))
def test_an_environment_synthesises_and_complies(name: str, tmp_path: Path) -> None:
    assembly = synthesised(name, DIRECTORY, tmp_path / "cdk.out")
    jsonschema.validate(
        yaml.safe_load((DIRECTORY / f"{name}.yaml").read_text()),
        schemas()["environment.schema.json"],
    )
    pins = pins_path(name, DIRECTORY)
    if pins.exists():
        jsonschema.validate(yaml.safe_load(pins.read_text()), schemas()["images.schema.json"])
    assert {stack.name: findings(stack.file) for stack in stacks_of(assembly)} == {
        stack.name: [] for stack in stacks_of(assembly)
    }


def test_an_invalid_file_fails_with_its_faults(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text('account: "1"\nregion: us-west-2\n')
    with pytest.raises(pytest.fail.Exception) as failure:
        synthesised("dev", tmp_path, tmp_path / "cdk.out")
    first, second, third = str(failure.value).splitlines()
    assert first == "Correct the files of the environment 'dev':"
    assert second == f"{tmp_path.name}/dev.yaml: 1 fault"
    assert third.startswith("  - line 1 column 1, account: ")
