"""The demo: real models trained on real mortgage decisions, and the story that brings them to review."""

import os

# onnxruntime's wheel reports its use to its maker unless told not to before it is first imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
