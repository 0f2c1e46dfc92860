"""Everything that changes the registry, a topic a file."""

from registry.actions.cards import mark_card_reviewed, mark_section_reviewed, store_card_revision
from registry.actions.datasets import (
    NamedPointer,
    add_dataset_version,
    create_dataset,
    find_or_add_pointer,
    find_or_add_pointers,
)
from registry.actions.models import create_model
from registry.actions.versions import (
    NewVersion,
    add_artifact_file,
    check_files_are_kept,
    finalise_version,
    register_version,
)

__all__ = [
    "NamedPointer",
    "NewVersion",
    "add_artifact_file",
    "add_dataset_version",
    "check_files_are_kept",
    "create_dataset",
    "create_model",
    "finalise_version",
    "find_or_add_pointer",
    "find_or_add_pointers",
    "mark_card_reviewed",
    "mark_section_reviewed",
    "register_version",
    "store_card_revision",
]
