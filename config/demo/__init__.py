"""The demo: real models trained on real loans, fares and digits, and the stories that bring them to review."""

import os

# onnxruntime's wheel reports its use to its maker unless told not to before it is first imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
