"""Small ONNX files, made here: honest, broken and hostile ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64, STRING, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING, TensorProto.BOOL


def value(name, kind=FLOAT, shape=(None, 1)):
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def saved(path, nodes, inputs, outputs, constants=()):
    graph = helper.make_graph(nodes, "graph", inputs, outputs, list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def logistic(path, weights, *, output="probabilities", shape=(None, 1), inputs=None):
    """sigmoid(X · weights): one matrix in, one column out."""
    weights = np.asarray(weights, dtype=np.float32).reshape(-1, 1)
    return saved(
        path,
        [helper.make_node("MatMul", ["X", "W"], ["Z"]), helper.make_node("Sigmoid", ["Z"], [output])],
        [value("X", shape=(None, len(weights) if inputs is None else inputs))],
        [value(output, shape=shape)],
        [constant("W", weights)],
    )


def answering(path, rows_to_answer, *, output="probabilities", kind=FLOAT, shape=(None, 1)):
    """Whatever comes in, these rows go out."""
    return saved(
        path,
        [helper.make_node("Identity", ["A"], [output])],
        [value("X", shape=(None, None))],
        [value(output, kind, shape)],
        [constant("A", rows_to_answer)],
    )


def passing_through(path):
    """The first of its two features is the score."""
    return saved(
        path,
        [helper.make_node("Slice", ["X", "from", "to", "axis"], ["probabilities"])],
        [value("X", shape=(None, 2))],
        [value("probabilities")],
        [constant("from", [0]), constant("to", [1]), constant("axis", [1])],
    )


def named_inputs(path):
    """0.5 · age/100 + 0.25 · owner + 0.25 · (region == "north"), inputs of four types and both shapes."""
    encoding: dict[str, Any] = {"keys_strings": ["north"], "values_floats": [0.25], "default_float": 0.0}
    nodes = [
        helper.make_node("Mul", ["age", "hundredth"], ["A"]),
        helper.make_node("Cast", ["owner"], ["O1"], to=FLOAT),
        helper.make_node("Reshape", ["O1", "tall"], ["O2"]),
        helper.make_node("Mul", ["O2", "quarter"], ["O"]),
        helper.make_node("LabelEncoder", ["region"], ["R"], domain="ai.onnx.ml", **encoding),
        helper.make_node("Cast", ["children"], ["C1"], to=FLOAT),
        helper.make_node("Mul", ["C1", "nothing"], ["C"]),
        helper.make_node("Sum", ["A", "O", "R", "C"], ["probabilities"]),
    ]
    graph = helper.make_graph(
        nodes,
        "graph",
        [
            value("age"),
            value("owner", BOOL, (None,)),
            value("region", STRING),
            value("children", INT64),
        ],
        [value("probabilities")],
        [
            constant("hundredth", np.array([0.005], np.float32)),
            constant("quarter", np.array([0.25], np.float32)),
            constant("nothing", np.array([0.0], np.float32)),
            constant("tall", [-1, 1]),
        ],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())
    return path


def with_weights_outside(path, location):
    """Two features; the weights lie in the file `location`."""
    weights = TensorProto(name="W", data_type=FLOAT, dims=[2, 1], data_location=TensorProto.EXTERNAL)
    for key, told in (("location", location), ("offset", "0"), ("length", "8")):
        entry = weights.external_data.add()
        entry.key, entry.value = key, told
    return saved(
        path,
        [helper.make_node("MatMul", ["X", "W"], ["probabilities"])],
        [value("X", shape=(None, 2))],
        [value("probabilities")],
        [weights],
    )


def never_ending(path):
    """A loop of 2^62 rounds."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Identity", ["held"], ["still_held"]),
        ],
        "body",
        [value("round", INT64, []), value("go", BOOL, []), value("held", FLOAT, None)],
        [value("go_on", BOOL, []), value("still_held", FLOAT, None)],
    )
    return saved(
        path,
        [
            helper.make_node("ReduceMean", ["X"], ["start"], axes=[1], keepdims=1),
            helper.make_node("Loop", ["rounds", "yes", "start"], ["probabilities"], body=body),
        ],
        [value("X", shape=(None, 2))],
        [value("probabilities")],
        [constant("rounds", np.int64(2**62)), constant("yes", np.bool_(True))],
    )


def memory_eater(path, times):
    """Repeats its input `times` along a row: 4 · times bytes per feature and row."""
    return saved(
        path,
        [
            helper.make_node("Tile", ["X", "repeats"], ["wide"]),
            helper.make_node("ReduceMean", ["wide"], ["probabilities"], axes=[1], keepdims=1),
        ],
        [value("X", shape=(None, 2))],
        [value("probabilities")],
        [constant("repeats", np.array([1, times], np.int64))],
    )


def exported(path, fitted, features, **options):
    """A fitted scikit-learn model as ONNX."""
    from skl2onnx import to_onnx

    model = to_onnx(fitted, np.zeros((1, features), np.float32), options={id(fitted): options})
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path
