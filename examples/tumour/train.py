import json
import pickle
import platform
import subprocess
from importlib.metadata import version

from skl2onnx import to_onnx
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

rows = load_breast_cancer(as_frame=True).frame.rename(columns=lambda name: name.replace(" ", "_"))
rows.insert(0, "id", rows.index)
train, holdout = train_test_split(rows, test_size=0.5, random_state=0, stratify=rows["target"])
train.to_csv("train.csv", index=False)
holdout.to_csv("holdout.csv", index=False)

features = [name for name in rows if name not in ("id", "target")]
inputs, benign = train[features].to_numpy("float32"), train["target"]
linear = make_pipeline(StandardScaler(), LogisticRegression()).fit(inputs, benign)
exported = to_onnx(linear, inputs[:1], options={"zipmap": False})
open("model.onnx", "wb").write(exported.SerializeToString())
forest = RandomForestClassifier(random_state=0).fit(inputs, benign)
pickle.dump(forest, open("model.pickle", "wb"))

commit = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()
packages = {name: version(name) for name in ("scikit-learn", "skl2onnx", "numpy")}
for label, format in ("1.0.0", "onnx"), ("1.1.0", "pickle"):
    described = {
        "label": label,
        "format": format,
        "features": features,
        "contract": {"output": "probabilities"},
        "environment": {"python": platform.python_version(), "packages": packages},
        "code": {"repository": "tumour", "commit": commit},
        "data": ["tumour-train@1"],
    }
    json.dump(described, open(f"{format}.json", "w"))
