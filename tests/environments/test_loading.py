"""Reading environments: what is valid, and every fault at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from constructs_lib.rules.ecs.fargate_sizes import FargateSize
from constructs_lib.rules.lifecycle.presets import PRESETS
from environments.faults import EnvironmentFault
from environments.loading import environment_names, load_environment, load_environments
from tests.support import ENVIRONMENTS

DIGEST = "sha256:" + "a" * 64
HEAD = 'account: "111111111111"\nregion: us-west-2\n'


def write(directory: Path, **files: str) -> Path:
    """Write environment files, named with ``_`` for the dot: ``dev_images`` holds dev's pins."""
    for name, text in files.items():
        (directory / f"{name.replace('_', '.')}.yaml").write_text(text)
    return directory


def refusal(directory: Path, name: str = "dev") -> str:
    """Give what is said of an environment that does not hold."""
    with pytest.raises(EnvironmentFault) as fault:
        load_environment(name, directory)
    return str(fault.value)


def test_the_frozen_environments_are_valid(environments: Path) -> None:
    assert ENVIRONMENTS == ("article", "dev", "local", "prod", "registry", "staging")
    settings = {item.name: item for item in load_environments(directory=environments)}
    assert [name for name, item in settings.items() if item.protected] == ["prod", "registry"]
    assert {task.images[0].account for task in settings["prod"].ecs_tasks} == {"444444444444"}


def test_an_unknown_environment_lists_the_known_ones(environments: Path) -> None:
    assert refusal(environments, "pord") == (
        "there is no environment 'pord'; did you mean 'prod'? "
        "Known: article, dev, local, prod, registry, staging."
    )


def test_pins_are_not_environments(environments: Path) -> None:
    assert "dev.images" not in environment_names(environments)


def test_all_faults_are_named_at_once_with_path_and_line(tmp_path: Path) -> None:
    write(
        tmp_path,
        dev="""\
account: 111111111111
regoin: us-west-2
repositories:
  - name: Team/API
  - name: team/web
    scan_on_push: "yes"
    lifecycle:
      - {count_type: imageCountMoreThan, count_number: 0}
  - name: team/web
    pull: {accounts: ["12"]}
ecs_tasks:
  - {name: web, image: web, memory_mib: 2}
eks_jobs:
  - {name: job, image: web, service_account: A, restart_policy: Always}
""",
    )
    assert (
        refusal(tmp_path)
        == f"""\
{tmp_path.name}/dev.yaml: 12 faults
  - region: this setting is required, got none. Add it.
  - line 1 column 1, account: text is expected here, got the number 111111111111. Write it in \
quotes.
  - line 2 column 1, regoin: there is no such setting; did you mean 'region'? Known: account, \
region, protected, organization_id, github_provider, encryption, administrators, break_glass_role, \
tags, required_tags, notifications, scan_gate, registry, registry_baseline, repository_defaults, \
repositories, public_repositories, images, ecs_tasks, ecs_services and 3 more.
  - line 4 column 5, repositories[0].name: a repository's name must consist of lower-case letters \
and digits, joined by single '/', '-', '_' or '.', got 'Team/API'. Write it like 'team/api'.
  - line 6 column 5, repositories[1].scan_on_push: true or false is expected here, got 'yes'.
  - line 8 column 42, repositories[1].lifecycle[0].count_number: count_number must be at least 1, \
got 0. Write the number of images, or of days, to keep.
  - line 9 column 5, repositories[2].name: the name 'team/web' is taken by repositories[1]. \
Choose another one.
  - line 10 column 23, repositories[2].pull.accounts[0]: an AWS account number has 12 digits, got \
'12'. Write all of them, in quotes, leading zeros included.
  - line 12 column 17, ecs_tasks[0].image: the image 'web' has no pin, so it is unknown which \
image to run. Pin it with `ecrctl pin dev web --repository REPOSITORY --tag TAG`, or write \
`awaiting_image: true` to leave the workload out until then.
  - line 12 column 29, ecs_tasks[0].memory_mib: memory_mib must be 6 to 33,554,432, got 2. \
Write it in MiB, 1024 for one GiB.
  - line 14 column 17, eks_jobs[0].image: the image 'web' has no pin, so it is unknown which image \
to run. Pin it with `ecrctl pin dev web --repository REPOSITORY --tag TAG`, or write \
`awaiting_image: true` to leave the workload out until then.
  - line 14 column 49, eks_jobs[0].restart_policy: one of 'Never' or 'OnFailure' is expected here, \
got 'Always'."""
    )


def test_faults_of_the_file_and_of_its_pins_come_together(tmp_path: Path) -> None:
    write(
        tmp_path,
        dev=HEAD + "repositories: [{name: team/web}]\nprotectd: true\n",
        dev_images=f"web: {{repository: team/wbe, digest: {DIGEST}}}\napi: {{registry: central, "
        "repository: team/api, tag: latest}\n",
    )
    said = refusal(tmp_path)
    assert "dev.yaml: 1 fault\n  - line 4 column 1, protectd: there is no such setting" in said
    assert "dev.images.yaml: 3 faults" in said
    assert (
        "line 1 column 7, web.repository: the environment 'dev' declares no repository 'team/wbe'; "
        "did you mean 'team/web'? Known: team/web." in said
    )
    assert (
        "line 2 column 48, api.tag: an image cannot be deployed by the tag 'latest', which "
        "identifies no version. Write the image's digest, or a tag that names its version."
    ) in said
    assert "line 2 column 7, api.registry: 'central' is not an environment. Known: dev." in said


def test_a_workload_may_await_its_image_when_it_says_so(tmp_path: Path) -> None:
    task = "ecs_tasks: [{name: web, image: web, memory_mib: 64, awaiting_image: true}]\n"
    settings = load_environment("dev", write(tmp_path, dev=HEAD + task))
    assert settings.ecs_tasks == ()
    assert settings.notices == (
        "dev: 'web' is left out, because its image 'web' has no pin yet (awaiting_image).",
    )


def test_a_registry_must_let_this_account_pull(tmp_path: Path) -> None:
    central = 'account: "222222222222"\nregion: us-west-2\nrepositories:\n  - name: team/web\n'
    pins = f"web: {{registry: central, repository: team/web, digest: {DIGEST}}}\n"
    write(tmp_path, dev=HEAD, dev_images=pins, central=central)
    assert (
        "web.registry: the environment 'central' does not let account 111111111111 pull "
        "'team/web'. Add the account to that repository's pull.accounts in central.yaml."
    ) in refusal(tmp_path)
    write(tmp_path, central=central + '    pull: {accounts: ["111111111111"]}\n')
    load_environment("dev", tmp_path)


def test_a_registry_that_does_not_hold_is_named_by_its_own_file(tmp_path: Path) -> None:
    pins = f"web: {{registry: central, repository: team/web, digest: {DIGEST}}}\n"
    central = 'account: "222222222222"\nregion: west\nrepositories: [{name: team/web}]\n'
    write(tmp_path, dev=HEAD, dev_images=pins, central=central)
    assert "central.yaml: 1 fault\n  - line 2 column 1, region: 'west' is not a region" in refusal(
        tmp_path
    )


def test_a_policy_that_grows_too_long_is_refused(tmp_path: Path) -> None:
    roles = ", ".join(f"arn:aws:iam::111111111111:role/{'r' * 50}{n:04}" for n in range(200))
    text = f"repositories:\n  - name: team/web\n    pull: {{roles: [{roles}]}}\n"
    assert "repositories[0]: a repository policy can have at most 10,240 characters" in refusal(
        write(tmp_path, dev=HEAD + text)
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("account: [", "the file is not valid YAML: line 2 column 1:"),
        (
            'account: "1"\naccount: "2"\n',
            "line 2 column 1: the key 'account' occurs twice. Keep one",
        ),
        ("- a\n", "a mapping is expected here, got a list."),
        ("&a [*a]\n", "an anchor cannot contain an alias of itself. Remove the alias."),
        ("a: 2026-13-01\n", "line 1 column 4: the value is no valid timestamp. Write it in quotes"),
        ("", "account: this setting is required, got none. Add it."),
        (
            HEAD + "encryption: yes please\n",
            "encryption must be customer-managed, dsse, aws-managed, aes256",
        ),
        (HEAD + "repositories: {}\n", "repositories: a list is expected here, got a mapping."),
        (
            HEAD + "repositories: [{}]\n",
            ("repositories[0].name: this setting is required, got none. Add it."),
        ),
        (HEAD + "repositories: [5]\n", "repositories[0]: a mapping is expected here, got '5'."),
        (
            HEAD + "repositories: [{name: a/b, stack: 1a}]\n",
            "repositories[0].stack: the name of a group of repositories",
        ),
        (
            HEAD + "repositories: [{name: a/b, lifecycle: standart}]\n",
            "repositories[0].lifecycle: one of 'standard', 'keep_releases', 'archive_cold', "
            "'ephemeral' or 'none' is expected here, got 'standart'.",
        ),
        (
            HEAD + "repositories: [{name: a/b, lifecycle: [{count_number: 1, cuont_type: x}]}]\n",
            "repositories[0].lifecycle[0].cuont_type: there is no such setting; "
            "did you mean 'count_type'?",
        ),
        (
            HEAD + "repositories: [{name: a/b, tag_immutability: {mode: IMMUTABLE, "
            "exclusion_filters: [x]}}]\n",
            "repositories[0].tag_immutability.exclusion_filters: IMMUTABLE takes no exclusion",
        ),
        (
            HEAD + "repositories: [{name: a/b, lifecycle: [{count_type: imageCountMoreThan, "
            "count_number: 1}]}]\n",
            "repositories[0].lifecycle: rule 1 (imageCountMoreThan) could touch an image that runs",
        ),
        (
            HEAD + "repositories: [{name: a/b, push: {roles: ['arn:aws:iam::1:role/*']}}]\n",
            "repositories[0].push.roles[0]: a principal's ARN cannot have a wildcard",
        ),
    ],
)
def test_a_file_with_a_fault_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in refusal(write(tmp_path, dev=text))


def test_all_environments_report_their_faults_together(tmp_path: Path) -> None:
    write(tmp_path, dev="a: 1\n", prod="b: 1\n")
    with pytest.raises(EnvironmentFault) as fault:
        load_environments(directory=tmp_path)
    assert "dev.yaml" in str(fault.value)
    assert "prod.yaml" in str(fault.value)


def test_defaults_are_filled_in_and_overridden(tmp_path: Path) -> None:
    text = """\
repository_defaults: {scan_on_push: false, tag_immutability: MUTABLE, lifecycle: none}
repositories:
  - name: team/api
  - {name: team/web, scan_on_push: true, tag_immutability: IMMUTABLE, lifecycle: standard}
"""
    settings = load_environment("dev", write(tmp_path, dev=HEAD + text))
    api, web = settings.repositories
    assert (api.spec.scan_on_push, api.spec.tag_immutability.mode, api.spec.lifecycle) == (
        False,
        "MUTABLE",
        None,
    )
    assert (web.spec.scan_on_push, web.spec.tag_immutability.mode) == (True, "IMMUTABLE")
    assert web.spec.lifecycle is not None


def test_pins_need_not_hold_for_whoever_makes_them(tmp_path: Path) -> None:
    task = "ecs_tasks: [{name: web, image: web, memory_mib: 64}]\n"
    write(tmp_path, dev=HEAD + task)
    assert load_environment("dev", tmp_path, with_pins=False).account == "111111111111"


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_preset_has_its_name_in_a_file(tmp_path: Path, preset: str) -> None:
    text = f"repositories: [{{name: team/api, lifecycle: {preset}}}]\n"
    (api,) = load_environment("dev", write(tmp_path, dev=HEAD + text)).repositories
    assert api.spec.lifecycle == PRESETS[preset]()


def test_a_policy_that_could_touch_live_images_must_say_so(tmp_path: Path) -> None:
    rules = "rules: [{count_type: imageCountMoreThan, count_number: 100, description: All of it}]"
    policy = f"lifecycle: {{{rules}, allow_touching_live_images: true}}"
    text = f"repositories:\n  - name: team/api\n    {policy}\n"
    (api,) = load_environment("dev", write(tmp_path, dev=HEAD + text)).repositories
    assert api.spec.lifecycle is not None
    assert api.spec.lifecycle.allow_touching_live_images
    assert "repositories[0].lifecycle: rule 1 (All of it) could touch an image that runs" in (
        refusal(write(tmp_path, dev=HEAD + text.replace("true", "false")))
    )


def test_the_organization_is_named_once_and_used_by_name(tmp_path: Path) -> None:
    text = "repositories: [{name: team/api, pull: {organization: true}}]\n"
    assert (
        "repositories[0].pull.organization: organization requires the environment's "
        "organization_id, which is missing."
    ) in refusal(write(tmp_path, dev=HEAD + text))
    write(tmp_path, dev=HEAD + "organization_id: o-a1b2c3d4e5\n" + text)
    (api,) = load_environment("dev", tmp_path).repositories
    assert api.spec.pull.organization_id == "o-a1b2c3d4e5"


def test_a_workflow_run_has_one_role_for_all_it_pushes_to(tmp_path: Path) -> None:
    text = """\
github_provider: create
repositories:
  - {name: team/web, push: {github: [{repository: acme/app, ref: refs/heads/main}]}}
  - {name: team/api, push: {github: [{repository: acme/app, ref: refs/heads/main}]}}
"""
    settings = load_environment("dev", write(tmp_path, dev=HEAD + text))
    (push,) = settings.github_pushes
    assert push.subject.subject == "repo:acme/app:ref:refs/heads/main"
    assert push.repositories == ("team/api", "team/web")
    assert settings.creates_github_provider


def test_a_workflow_run_that_is_told_by_nothing_is_refused(tmp_path: Path) -> None:
    text = "repositories: [{name: a/b, push: {github: [{repository: acme/app}]}}]\n"
    assert (
        "repositories[0].push.github[0]: a subject requires exactly one of ref, "
        "environment and pull_request, got none."
    ) in refusal(write(tmp_path, dev=HEAD + text))


@pytest.mark.parametrize(
    ("pins", "sentence"),
    [
        ("web: {tga: v1}", "web.tga: there is no such setting; did you mean 'tag'?"),
        ("1: {repository: team/web, tag: v1}", "the key '1' is not text. Write it in quotes"),
        ("[a, b]: {}", "line 1 column 1:"),
        ("? {a: 1}\n: {}", "is not text. Write it in quotes"),
        ("'we[b': {repository: 1}", "we[b.repository: text is expected here"),
        ("web: {registry: [], repository: team/web, tag: v1}", "web.registry: text is expected"),
        ("web: {repository: [], tag: v1}", "web.repository: text is expected here, got a list."),
    ],
)
def test_pins_of_any_shape_are_told_and_never_a_traceback(
    tmp_path: Path, pins: str, sentence: str
) -> None:
    write(tmp_path, dev=HEAD + "repositories: [{name: [1]}, {name: team/web}]\n", dev_images=pins)
    assert sentence in refusal(tmp_path)


@pytest.mark.parametrize("name", ["my_env", "prod.eu", "1dev", "a b"])
def test_a_file_whose_name_cannot_name_stacks_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.yaml").write_text(HEAD)
    assert (
        f"{tmp_path.name}/{name}.yaml: an environment's name must have up to 40 letters"
        in refusal(tmp_path, name)
    )


def test_an_editors_lock_file_is_no_environment(tmp_path: Path) -> None:
    write(tmp_path, dev=HEAD)
    (tmp_path / ".#dev.yaml").write_text("")
    assert environment_names(tmp_path) == ["dev"]


def test_a_part_can_be_written_once_and_merged(tmp_path: Path) -> None:
    text = """\
repositories:
  - &first {name: team/api, stack: web}
  - {<<: *first, name: team/web}
"""
    settings = load_environment("dev", write(tmp_path, dev=HEAD + text))
    assert [item.stack for item in settings.repositories] == ["web", "web"]


def test_a_family_is_taken_by_name_too(tmp_path: Path) -> None:
    text = """\
ecs_tasks:
  - {name: web, image: web, memory_mib: 64, awaiting_image: true}
  - {name: api, family: web, image: web, memory_mib: 64, awaiting_image: true}
  - {name: job, family: a b, image: web, memory_mib: 64, awaiting_image: true}
"""
    said = refusal(write(tmp_path, dev=HEAD + text))
    assert "ecs_tasks[1].family: the family 'web' is taken by ecs_tasks[0]." in said
    assert (
        "ecs_tasks[2].family: a family's or container's name must have 1 to 255 letters, "
        "digits, '-' and '_', got 'a b'. Choose another name."
    ) in said


def test_notifications_are_checked_where_they_stand(tmp_path: Path) -> None:
    bus = "arn:aws:events:us-west-2:111111111111:event-bus/security"
    topic = "arn:aws:sns:us-west-2:111111111111:images"
    write(tmp_path, dev=HEAD + f"notifications: {{topic_arn: '{topic}', event_bus_arn: '{bus}'}}\n")
    assert (
        "line 3 column 1, notifications: notifications take either topic_arn or event_bus_arn, got "
        "both. Remove one."
    ) in refusal(tmp_path)
    write(tmp_path, dev=HEAD + "notifications: {topic_arn: images, repositories: ['*']}\n")
    assert (
        "line 3 column 17, notifications.topic_arn: 'images' is not a valid topic ARN. Write it "
        "like 'arn:aws:sns:us-west-2:111111111111:images'."
    ) in refusal(tmp_path)
    write(tmp_path, dev=HEAD + "notifications: {repositories: ['*']}\n")
    assert (
        "line 3 column 32, notifications.repositories[0]: a repository's name can have one '*'"
    ) in refusal(tmp_path)


TASK = "{name: web, image: web, memory_mib: 200, cpu: 300, awaiting_image: true, fargate: %s}"


def test_a_size_on_fargate_is_chosen_or_checked(tmp_path: Path) -> None:
    pins = f"web: {{repository: web, digest: {DIGEST}}}\n"
    task = "repositories: [{name: web}]\necs_tasks: [" + TASK % "smallest" + "]\n"
    (found,) = load_environment("dev", write(tmp_path, dev=HEAD + task, dev_images=pins)).ecs_tasks
    assert found.spec.fargate == FargateSize(cpu=512, memory_mib=1024)
    for size, sentence in (
        (
            "{cpu: 256, memory_mib: 8192}",
            "ecs_tasks[0].fargate: Fargate has no size of 256 CPU units and 8192 MiB. Write cpu "
            "1024 and memory_mib 8192, the smallest that is large enough.",
        ),
        (
            "{cpu: 256, memory_mib: 512}",
            "ecs_tasks[0].fargate: the task's containers request 300 CPU units and 200 MiB, and "
            "its size has 256 and 512. Choose a larger size, or request less.",
        ),
        (
            "largest",
            "ecs_tasks[0].fargate: 'smallest' or a mapping is expected here, got 'largest'.",
        ),
    ):
        write(tmp_path, dev=HEAD + "ecs_tasks: [" + TASK % size + "]\n")
        assert sentence in refusal(tmp_path)
