"""A repository of an account as an entry of an environment file.

Whatever an entry cannot express is noted, because an import would delete it or leave it out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from constructs_lib.rules.aws.partitions import partition_of
from constructs_lib.rules.aws.resource_tags import tag_faults
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from constructs_lib.rules.ecs.secret import KEY_ARN
from constructs_lib.rules.faults import Fault, RuleError
from constructs_lib.rules.lifecycle.documents import policy_from_document
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy
from constructs_lib.rules.lifecycle.presets import PRESETS
from constructs_lib.rules.lifecycle.rule import LifecycleRule
from constructs_lib.rules.policy.access import Access
from constructs_lib.rules.policy.adoption import known_policy
from constructs_lib.rules.policy.statements import VERSION, statement_faults, statements_of
from environments.model.environment import EnvironmentModel
from environments.model.repository import encryption_text

from .account import ExistingRepository

Entry = dict[str, Any]
# Settings that ECR does not store; they are copied from the existing entry.
_ONLY_IN_FILE = ("removal", "empty_on_delete")
_BOOTSTRAP = re.compile(r"cdk-[a-z0-9]+-container-assets-\d{12}-[a-z0-9-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that an import would delete, change or leave out.

    :param what: the state today.
    :param then: the consequence of the import.
    """

    repository: str
    what: str
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The ARNs of the keys that a file can name; ``None`` where the account has no such key.

    :param by_name: the ARN of each other key, by the alias or ID that a repository has for it.
    """

    environment: str | None
    aws_managed: str | None
    by_name: Mapping[str, str] = field(default_factory=dict)

    def arn_of(self, key: str | None) -> str | None:
        """Return the ARN of a repository's key; ``None`` where KMS does not know the key."""
        return key if key is None or is_key_arn(key) else self.by_name.get(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryWriter:
    """A writer of a repository's entry, which notes whatever the entry cannot express.

    :param known: the existing entry; empty where there is none.
    :param head: the environment without its repositories.
    :param notes: the list to which the notes are added.
    """

    repository: ExistingRepository
    known: Entry
    head: EnvironmentModel
    keys: Keys
    notes: list[Note]

    def note(self, what: str, then: str) -> None:
        """Add a note for a person to decide on."""
        self.notes.append(Note(repository=self.repository.name, what=what, then=then))

    def note_foreign(self, stack: str) -> None:
        """Note that the repository belongs to a stack outside of this environment."""
        self.note(
            f"it belongs to the stack '{stack}'",
            "the repository is omitted: it contains the CDK's own assets."
            if _BOOTSTRAP.fullmatch(self.repository.name)
            else "the repository is omitted. Remove it from that stack with DeletionPolicy: "
            "Retain, then import again.",
        )

    def entry(self) -> Entry | None:
        """Return the entry of the repository, or ``None`` where a file cannot express it.

        The entry has no group yet, because a group has room for a number of bytes.
        """
        encryption, immutability = self._encryption(), self._immutability()
        if encryption is None or immutability is None:
            return None
        is_in_no_stack = self.repository.stack is None
        # An entry that was imported before keeps the same statements and encryption.
        adopted = is_in_no_stack or self.known.get("adopted", False)
        if is_in_no_stack and self.known:
            self.note(
                "the file declares it, and it exists outside of any stack: it was retained when it "
                "was removed from the file, or was created by hand",
                "a deployment would fail with AlreadyExists. Import it before the deployment.",
            )
        entry: Entry = {"name": self.repository.name}
        if adopted:
            entry["adopted"] = True
        if adopted or encryption != encryption_text(self.head.encryption):
            entry["encryption"] = encryption
        entry |= immutability
        if self.repository.scan_on_push != self.head.repository_defaults.scan_on_push:
            entry["scan_on_push"] = self.repository.scan_on_push
        entry |= self._lifecycle()
        entry |= self._policy(adopted=adopted)
        if not adopted:
            entry |= self._known(*_ONLY_IN_FILE)
        return entry | self._tags()

    def _known(self, *settings: str) -> Entry:
        return {setting: self.known[setting] for setting in settings if setting in self.known}

    def _encryption(self) -> str | None:
        kind, name = self.repository.encryption_type, self.repository.kms_key
        key = self.keys.arn_of(name)
        if kind == "AES256":
            return "aes256"
        own = key is not None and _same_key(key, self.keys.environment)
        if kind == "KMS_DSSE" and own:
            return "dsse"
        if kind != "KMS":
            self.note(
                f"its encryption is {kind} with another key than this environment's",
                "the repository is omitted: a file cannot express that. Adopt it in your own CDK "
                "app with PrivateRepository.adopt(encryption=Encryption.dsse(key)).",
            )
            return None
        if name is None or _same_key(key or name, self.keys.aws_managed):
            return "aws-managed"
        if key is None:
            self.note(
                f"its key is '{name}', and KMS returns no such key",
                "the repository is omitted: a file names a key by its ARN. Allow "
                "kms:DescribeKey on the key, then import again.",
            )
            return None
        return "customer-managed" if own else key

    def _immutability(self) -> Entry | None:
        default = self.head.repository_defaults.tag_immutability
        mode, filters = self.repository.immutability_mode, self.repository.exclusion_filters
        if filters is None:
            return self._unknown_filters(mode, default)
        if (mode, sorted(filters)) == (default.mode, sorted(default.exclusion_filters)):
            return {}
        if not filters:
            return {"tag_immutability": mode}
        return {"tag_immutability": {"mode": mode, "exclusion_filters": list(filters)}}

    def _unknown_filters(self, mode: str, default: TagImmutability) -> Entry | None:
        """Return the file's setting for filters that an emulator does not return; AWS does."""
        stated = self._known("tag_immutability")
        if stated or (self.known and mode == default.mode):
            self.note(
                f"its tag immutability is {mode}, and this endpoint does not return the filters",
                "the setting of the file is kept. Compare its mode and filters with those in ECR.",
            )
            return stated
        self.note(
            f"its tag immutability is {mode}, and this endpoint does not return the filters",
            "the repository is omitted. Declare it with its tag_immutability in the file, then "
            "import again.",
        )
        return None

    def _lifecycle(self) -> Entry:
        policy = None
        if self.repository.lifecycle is not None:
            try:
                policy = policy_from_document(self.repository.lifecycle, is_deployed=True)
                self._note_empty_properties(self.repository.lifecycle)
            except RuleError as error:
                self.note(
                    "its lifecycle policy cannot be expressed in the file: "
                    f"{_sentences(error.faults)}",
                    "the next deployment deletes it. Write a valid policy into the file.",
                )
        if _document_of(policy) == _document_of(self.head.repository_defaults.lifecycle):
            return {}
        return {"lifecycle": _lifecycle_setting(policy)}

    def _note_empty_properties(self, lifecycle: Mapping[str, Any]) -> None:
        for rule in lifecycle["rules"]:
            parts = (("", rule), ("selection.", rule["selection"]))
            empty = [f"{path}{key}" for path, part in parts for key in part if not part[key]]
            if empty:
                self.note(
                    f"rule {rule['rulePriority']} of its lifecycle policy has properties without "
                    f"content: {', '.join(empty)}",
                    "the properties are removed. The rule has the same effect without them.",
                )

    def _note_document(self, policy: Mapping[str, Any]) -> None:
        """Note what a policy has beside its statements."""
        version = policy.get("Version")
        if policy and version != VERSION:
            self.note(
                f"its policy has the version {version}"
                if version
                else "its policy has no version, which means 2008-10-17",
                f"the version becomes {VERSION}, in which ${{...}} in a value is a variable.",
            )
        for element in policy:
            if element not in ("Version", "Statement"):
                self.note(
                    f"its policy has the {element} '{policy[element]}'",
                    f"the {element} is removed. It grants and denies nothing.",
                )

    def _policy(self, *, adopted: bool) -> Entry:
        policy = self.repository.policy or {}
        self._note_document(policy)
        found = known_policy(
            list(self._declarable(statements_of(policy))),
            account=self.head.account,
            region=self.head.region,
            partition=partition_of(self.head.region).name,
            organization_id=self.head.organization_id,
        )
        entry: Entry = {}
        pull, push = _access_setting(found.pull), _access_setting(found.push)
        github = self.known.get("push", {}).get("github")
        if pull:
            entry["pull"] = pull
        if push or github:
            entry["push"] = push | ({"github": github} if github else {})
        rest = [statement for statement in found.statements if not self._is_guard(statement)]
        if rest or adopted:
            entry["statements"] = rest
        return entry

    def _is_guard(self, statement: Mapping[str, Any]) -> bool:
        """Return whether the environment's ``administrators`` setting creates this statement."""
        sid = statement.get("Sid")
        return sid == "AdministeredByNamedRolesOnly" and bool(self.head.administrators)

    def _declarable(self, statements: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        for number, statement in enumerate(statements, start=1):
            name = f"'{statement['Sid']}'" if statement.get("Sid") else str(number)
            if faults := statement_faults([statement]):
                problem = f"statement {name} cannot be declared: {_sentences(faults)}"
                self.note(problem, "an import deletes it.")
                continue
            if statement.get("Effect") == "Allow" and _open_to_everyone(statement):
                self.note(
                    f"statement {name} is open to everyone",
                    "the statement is kept. Name accounts, roles or the organization instead.",
                )
            yield statement

    def _tags(self) -> Entry:
        tags = {
            key: value
            for key, value in sorted(self.repository.tags.items())
            # Only AWS can set the former, and the environment's tags are not written again.
            if not key.startswith("aws:") and (key, value) not in self.head.tags.items()
        }
        missing = sorted(set(self.head.tags) - set(self.repository.tags))
        if missing and self.repository.stack is None:
            names = ", ".join(f"'{key}'" for key in missing)
            self.note(
                f"it does not have the environment's tags {names}",
                "an import does not add them. Add them with `aws ecr tag-resource`.",
            )
        for key, value in list(tags.items()):
            if faults := list(tag_faults({key: value})):
                problem = f"its tag '{key}' cannot be expressed in the file: {_sentences(faults)}"
                self.note(problem, "the tag is omitted.")
                del tags[key]
        return {"tags": tags} if tags else {}


def is_key_arn(key: str) -> bool:
    """Return whether a key is named by its ARN, and not by an ID or an alias."""
    return bool(KEY_ARN.fullmatch(key))


def _same_key(key: str, other: str | None) -> bool:
    """Return whether two keys are the same; ECR returns an ARN or an ID, as it was set."""
    return other is not None and key.rpartition("/")[2] == other.rpartition("/")[2]


def _sentences(faults: Iterable[Fault]) -> str:
    return " ".join(fault.message for fault in faults)


def _open_to_everyone(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    return not statement.get("Condition") and "*" in (named if isinstance(named, list) else [named])


def _document_of(policy: LifecyclePolicy | None) -> Mapping[str, Any] | None:
    return policy.document() if policy else None


def _lifecycle_setting(policy: LifecyclePolicy | None) -> Any:
    """Return the name of the preset that a policy equals, or else its rules."""
    if policy is None:
        return "none"
    for name, preset in PRESETS.items():
        if preset().document() == policy.document():
            return name
    rules = [_rule_setting(rule) for rule in policy.rules]
    try:
        LifecyclePolicy(policy.rules)
    except RuleError:
        return {"rules": rules, "allow_touching_live_images": True}
    return rules


def _rule_setting(rule: LifecycleRule) -> Entry:
    setting: Entry = {
        "priority": rule.priority,
        "description": rule.description,
        "tag_status": rule.tag_status,
        "tag_patterns": list(rule.tag_patterns),
        "tag_prefixes": list(rule.tag_prefixes),
        "storage_class": rule.storage_class,
        "count_type": rule.count_type,
        "count_number": rule.count_number,
        "action": rule.action if rule.action != "expire" else None,
    }
    return {key: value for key, value in setting.items() if value not in (None, "", [])}


def _access_setting(access: Access) -> Entry:
    setting: Entry = {
        "accounts": list(access.accounts),
        "roles": list(access.role_arns),
        "users": list(access.user_arns),
        "sessions": list(access.session_arns),
        "organization": access.organization_id is not None,
        "organizations": list(access.organization_ids),
        "organization_paths": list(access.organization_paths),
        "lambda_accounts": list(access.lambda_accounts),
        "lambda_functions": list(access.lambda_function_arns),
        "codebuild_projects": list(access.codebuild_project_arns),
    }
    return {key: value for key, value in setting.items() if value}
