from audit.verbs import verb

DATASET_LOCKED = verb("dataset.locked", "locked")
INPUTS_HANDED_OUT = verb("dataset.inputs_handed_out", "took the inputs of")
VERSION_EVALUATED = verb("version.evaluated", "evaluated")
VERSION_EXPLAINED = verb("version.explained", "measured what the inputs are worth to")
VERSION_MEASURED = verb("version.measured", "measured time and memory of")
PREDICTIONS_HANDED_IN = verb("version.predictions_handed_in", "handed in predictions for")
METRICS_REPORTED = verb("version.metrics_reported", "reported metrics of")
ROWS_SHOWN = verb("evidence.rows_shown", "looked at rows behind")
ROWS_EXPORTED = verb("evidence.rows_exported", "took rows behind {} away as a file")
COMPARISON_ASKED = verb("evidence.comparison_asked", "asked for comparisons of versions of")
