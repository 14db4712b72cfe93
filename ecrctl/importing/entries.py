"""A repository that exists, in the words of an environment file.

What an entry cannot say is noted, because an import would delete it or leave it out.
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
from environments.model.environment import EnvironmentModel, lifecycle_policy, tag_immutability

from .account import ExistingRepository

Entry = dict[str, Any]
DEFAULT_GROUP = "main"
# What ECR does not know of a repository; an entry of the same name in the file does.
_SAID_IN_FILE = ("removal", "empty_on_delete")
_BOOTSTRAP = re.compile(r"cdk-[a-z0-9]+-container-assets-\d{12}-[a-z0-9-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Define something that an import would delete, change or leave out.

    :param what: what there is today.
    :param then: what becomes of it.
    """

    repository: str
    what: str
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Define the keys that a file has words for, where the account has them."""

    environment: str | None
    aws_managed: str | None


@dataclass(slots=True, kw_only=True)
class EntryWriter:
    """Define what turns a repository into an entry, and remembers what an entry cannot say."""

    head: EnvironmentModel
    entries: Mapping[str, Entry]
    keys: Keys
    notes: list[Note] = field(default_factory=list)

    def note(self, repository: ExistingRepository, what: str, then: str) -> None:
        """Remember something that a person should decide on."""
        self.notes.append(Note(repository=repository.name, what=what, then=then))

    def note_foreign(self, repository: ExistingRepository, stack: str) -> None:
        """Remember that a repository belongs to a stack that is not this environment's."""
        self.note(
            repository,
            f"it belongs to the stack '{stack}'",
            "it is left out: the CDK keeps its own assets there."
            if _BOOTSTRAP.fullmatch(repository.name)
            else "it is left out. Take it out of that stack, retained, and import again.",
        )

    def entry(self, repository: ExistingRepository, group: str) -> Entry | None:
        """Give the entry of a repository, or ``None`` when a file has no word for it."""
        encryption = self._encryption(repository)
        if encryption is None:
            return None
        known = self.entries.get(repository.name, {})
        adopted = repository.stack is None
        self._note_return(repository, known)
        entry: Entry = {"name": repository.name}
        if group != DEFAULT_GROUP:
            entry["stack"] = group
        if adopted:
            entry["adopted"] = True
        if adopted or encryption != self.head.encryption:
            entry["encryption"] = encryption
        entry |= self._immutability(repository, known)
        if repository.scan_on_push != self.head.repository_defaults.scan_on_push:
            entry["scan_on_push"] = repository.scan_on_push
        entry |= self._lifecycle(repository)
        entry |= self._policy(repository, known, adopted=adopted)
        entry |= {key: known[key] for key in _SAID_IN_FILE if key in known and not adopted}
        entry |= self._tags(repository)
        return entry

    def _note_return(self, repository: ExistingRepository, known: Entry) -> None:
        if repository.stack is None and known:
            self.note(
                repository,
                "the file declares it, and it is there already, in no stack: it was kept when it "
                "left the file, or made by hand",
                "a deployment would fail with AlreadyExists. Import it first, as it is.",
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
                "it is left out: a file has no word for that. Adopt it in an app of yours, with "
                "PrivateRepository.adopt(encryption=Encryption.dsse(key)).",
            )
            return None
        if key is None or _same_key(key, self.keys.aws_managed):
            return "aws-managed"
        return "customer-managed" if own else key

    def _immutability(self, repository: ExistingRepository, known: Entry) -> Entry:
        filters = repository.exclusion_filters
        if filters is None:
            # An emulator that does not give them back; AWS always does.
            return {key: known[key] for key in ("tag_immutability",) if key in known}
        default = tag_immutability(self.head.repository_defaults.tag_immutability)
        mode = repository.immutability_mode
        if (mode, sorted(filters)) == (default.mode, sorted(default.exclusion_filters)):
            return {}
        if not filters:
            return {"tag_immutability": mode}
        return {"tag_immutability": {"mode": mode, "exclusion_filters": list(filters)}}

    def _lifecycle(self, repository: ExistingRepository) -> Entry:
        default = lifecycle_policy(self.head.repository_defaults.lifecycle)
        policy = None
        if repository.lifecycle is not None:
            try:
                policy = policy_from_document(repository.lifecycle)
            except RuleError as error:
                self.note(
                    repository,
                    f"its lifecycle policy cannot be said: {_sentences(error.faults)}",
                    "it is left out, and the next deployment deletes it. Write one that holds.",
                )
        if _document_of(policy) == _document_of(default):
            return {}
        return {"lifecycle": _lifecycle_words(policy)}

    def _policy(self, repository: ExistingRepository, known: Entry, *, adopted: bool) -> Entry:
        policy = repository.policy or {}
        if policy.get("Version", VERSION) != VERSION:
            self.note(
                repository,
                f"its policy is written in the language of {policy['Version']}",
                f"it becomes {VERSION}, in which ${{...}} in a value is a variable.",
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
        pull, push = _access_words(found.pull), _access_words(found.push)
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
        """Say whether a statement is the one that the environment's administrators bring along."""
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
                        "it is stated as it is. Name accounts, roles or the organisation instead.",
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
            # AWS's own; nobody else can set them.
            if not key.startswith("aws:")
        }
        faults = tag_faults(tags)
        if faults:
            self.note(repository, f"its tags cannot be said: {_sentences(faults)}", "left out.")
            return {}
        return {"tags": tags} if tags else {}


def _same_key(key: str, other: str | None) -> bool:
    """Compare keys, which ECR gives back as they were given: by ARN or by ID."""
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


def _lifecycle_words(policy: LifecyclePolicy | None) -> Any:
    """Give a preset's name where a policy is one, and its rules otherwise."""
    if policy is None:
        return "none"
    for name, preset in PRESETS.items():
        if preset().document() == policy.document():
            return name
    rules = [_rule_words(rule) for rule in policy.rules]
    try:
        LifecyclePolicy(policy.rules)
    except RuleError:
        return {"rules": rules, "allow_touching_live_images": True}
    return rules


def _rule_words(rule: LifecycleRule) -> Entry:
    words: Entry = {
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
    return {key: value for key, value in words.items() if value not in (None, "", [])}


def _access_words(access: Access) -> Entry:
    words: Entry = {
        "accounts": list(access.accounts),
        "roles": list(access.role_arns),
        "organization": access.organization_id is not None,
        "organization_paths": list(access.organization_paths),
        "lambda_accounts": list(access.lambda_accounts),
        "codebuild_projects": list(access.codebuild_project_arns),
    }
    return {key: value for key, value in words.items() if value}
