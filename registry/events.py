from audit.verbs import verb

MODEL_CREATED = verb("model.created", "created")
VERSION_REGISTERED = verb("version.registered", "registered")
FILE_UPLOADED = verb("version.file_uploaded", "uploaded a file to")
VERSION_FINALISED = verb("version.finalised", "finalised")
CARD_REVISED = verb("card.revised", "revised the card of")
CARD_REVIEWED = verb("card.reviewed", "reviewed the card of")
DATASET_CREATED = verb("dataset.created", "created")
DATASET_VERSION_ADDED = verb("dataset.version_added", "added")
VERSION_DEPRECATED = verb("version.deprecated", "deprecated")
STAGE_CHANGED = verb("version.stage_changed", "changed the stage of")
TRAFFIC_CHANGED = verb("model.traffic_changed", "changed the traffic of")
