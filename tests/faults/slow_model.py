from pathlib import Path

import numpy as np
from onnx import helper

from tests.evidence.onnx_models import BOOL, FLOAT, INT64, constant, saved, value


def slow_model(path: Path, rounds: int) -> bytes:
    """An ONNX file: sigmoid of its one feature, after so many rounds of a loop that does nothing."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Identity", ["held"], ["still_held"]),
        ],
        "body",
        [value("round", INT64, []), value("go", BOOL, []), value("held", FLOAT, None)],
        [value("go_on", BOOL, []), value("still_held", FLOAT, None)],
    )
    nodes = [
        helper.make_node("Sigmoid", ["X"], ["start"]),
        helper.make_node("Loop", ["rounds", "yes", "start"], ["probabilities"], body=body),
    ]
    constants = [constant("rounds", np.int64(rounds)), constant("yes", np.bool_(True))]
    return bytes(saved(path, nodes, [value("X")], [value("probabilities")], constants).read_bytes())
