"""A repository of an account as an entry of an environment file.

Whatever an entry cannot express is noted, because an import would delete it or leave it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from constructs_lib.rules.aws.partitions import partition_of
from constructs_lib.rules.aws.resource_tags import tag_faults
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
DEFAULT_GROUP = "main"
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
    """The ARNs of the keys that a file can name; ``None`` where the account has no such key."""

    environment: str | None
    aws_managed: str | None


@dataclass(slots=True, kw_only=True)
class EntryWriter:
    """A writer of entries, which collects notes on whatever an entry cannot express.

    :param head: the environment without its repositories.
    :param entries: the existing entries, by the repository's name.
    """

    head: EnvironmentModel
    entries: Mapping[str, Entry]
    keys: Keys
    notes: list[Note] = field(default_factory=list)

    def note(self, repository: ExistingRepository, what: str, then: str) -> None:
        """Add a note for a person to decide on."""
        self.notes.append(Note(repository=repository.name, what=what, then=then))

    def note_foreign(self, repository: ExistingRepository, stack: str) -> None:
        """Note that a repository belongs to a stack outside of this environment."""
        self.note(
            repository,
            f"it belongs to the stack '{stack}'",
            "it is left out: it contains the CDK's own assets."
            if _BOOTSTRAP.fullmatch(repository.name)
            else "it is left out. Remove it from that stack with DeletionPolicy: Retain, then "
            "import again.",
        )

    def entry(self, repository: ExistingRepository, group: str) -> Entry | None:
        """Return the entry of a repository, or ``None`` where a file cannot express it."""
        encryption = self._encryption(repository)
        if encryption is None:
            return None
        known = self.entries.get(repository.name, {})
        adopted = repository.stack is None
        self._note_declared(repository, known)
        entry: Entry = {"name": repository.name}
        if group != DEFAULT_GROUP:
            entry["stack"] = group
        if adopted:
            entry["adopted"] = True
        if adopted or encryption != encryption_text(self.head.encryption):
            entry["encryption"] = encryption
        entry |= self._immutability(repository, known)
        if repository.scan_on_push != self.head.repository_defaults.scan_on_push:
            entry["scan_on_push"] = repository.scan_on_push
        entry |= self._lifecycle(repository)
        entry |= self._policy(repository, known, adopted=adopted)
        entry |= {key: known[key] for key in _ONLY_IN_FILE if key in known and not adopted}
        entry |= self._tags(repository)
        return entry

    def _note_declared(self, repository: ExistingRepository, known: Entry) -> None:
        if repository.stack is None and known:
            self.note(
                repository,
                "the file declares it, and it exists outside of any stack: it was retained when it "
                "was removed from the file, or was created by hand",
                "a deployment would fail with AlreadyExists. Import it before the deployment.",
            )

    def _encryption(self, repository: ExistingRepository) -> str | None:
        key = repository.kms_key
        if repository.encryption_type == "AES256":
            return "aes256"
        own = key is not None and _same_key(key, self.keys.environment)
        if repository.encryption_type == "KMS_DSSE" and own:
            return "dsse"
        if repository.encryption_type != "KMS":
            self.note(
                repository,
                f"its encryption is {repository.encryption_type} with another key than this "
                "environment's",
                "it is left out: a file cannot express that. Adopt it in your own CDK app with "
                "PrivateRepository.adopt(encryption=Encryption.dsse(key)).",
            )
            return None
        if key is None or _same_key(key, self.keys.aws_managed):
            return "aws-managed"
        return "customer-managed" if own else key

    def _immutability(self, repository: ExistingRepository, known: Entry) -> Entry:
        filters = repository.exclusion_filters
        if filters is None:
            # An emulator may not return them; AWS always does.
            return {key: known[key] for key in ("tag_immutability",) if key in known}
        default = self.head.repository_defaults.tag_immutability
        mode = repository.immutability_mode
        if (mode, sorted(filters)) == (default.mode, sorted(default.exclusion_filters)):
            return {}
        if not filters:
            return {"tag_immutability": mode}
        return {"tag_immutability": {"mode": mode, "exclusion_filters": list(filters)}}

    def _lifecycle(self, repository: ExistingRepository) -> Entry:
        default = self.head.repository_defaults.lifecycle
        policy = None
        if repository.lifecycle is not None:
            try:
                policy = policy_from_document(repository.lifecycle)
            except RuleError as error:
                self.note(
                    repository,
                    "its lifecycle policy cannot be expressed in the file: "
                    f"{_sentences(error.faults)}",
                    "the next deployment deletes it. Write a valid policy into the file.",
                )
        if _document_of(policy) == _document_of(default):
            return {}
        return {"lifecycle": _lifecycle_setting(policy)}

    def _policy(self, repository: ExistingRepository, known: Entry, *, adopted: bool) -> Entry:
        policy = repository.policy or {}
        if policy.get("Version", VERSION) != VERSION:
            self.note(
                repository,
                f"its policy has the version {policy['Version']}",
                f"the version becomes {VERSION}, in which ${{...}} in a value is a variable.",
            )
        statements = list(self._declarable(repository, statements_of(policy)))
        found = known_policy(
            statements,
            account=self.head.account,
            region=self.head.region,
            partition=partition_of(self.head.region).name,
            organization_id=self.head.organization_id,
        )
        entry: Entry = {}
        pull, push = _access_setting(found.pull), _access_setting(found.push)
        github = known.get("push", {}).get("github")
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

    def _declarable(
        self, repository: ExistingRepository, statements: Sequence[Mapping[str, Any]]
    ) -> Iterator[Mapping[str, Any]]:
        for index, statement in enumerate(statements):
            faults = statement_faults([statement])
            if not faults:
                if statement.get("Effect") == "Allow" and _open_to_everyone(statement):
                    self.note(
                        repository,
                        f"statement {_name_of(statement, index)} is open to everyone",
                        "it is kept. Name accounts, roles or the organization instead.",
                    )
                yield statement
                continue
            self.note(
                repository,
                f"statement {_name_of(statement, index)} cannot be declared: {_sentences(faults)}",
                "an import deletes it.",
            )

    def _tags(self, repository: ExistingRepository) -> Entry:
        tags = {
            key: value
            for key, value in sorted(repository.tags.items())
            # Only AWS can set these.
            if not key.startswith("aws:")
        }
        faults = list(tag_faults(tags))
        if faults:
            self.note(
                repository,
                f"its tags cannot be expressed in the file: {_sentences(faults)}",
                "they are left out.",
            )
            return {}
        return {"tags": tags} if tags else {}


def _same_key(key: str, other: str | None) -> bool:
    """Return whether two keys are the same; ECR returns an ARN or an ID, as it was set."""
    return other is not None and key.rpartition("/")[2] == other.rpartition("/")[2]


def _sentences(faults: Iterable[Fault]) -> str:
    return " ".join(fault.message for fault in faults)


def _name_of(statement: Mapping[str, Any], index: int) -> str:
    return f"'{statement['Sid']}'" if statement.get("Sid") else str(index + 1)


def _open_to_everyone(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    return not statement.get("Condition") and (
        named == "*" or (isinstance(named, list) and "*" in named)
    )


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
        "organization": access.organization_id is not None,
        "organization_paths": list(access.organization_paths),
        "lambda_accounts": list(access.lambda_accounts),
        "codebuild_projects": list(access.codebuild_project_arns),
    }
    return {key: value for key, value in setting.items() if value}
