"""Python client of Assaydesk: register versions, hand in evidence, open and review promotions.

>>> client = Client("https://assaydesk.example", token)
>>> version = client.register_version("loan-approval", metadata)
>>> client.upload_artifact("loan-approval", version["version"], Path("model.onnx"))
>>> client.finalize_version("loan-approval", version["version"])
"""

from assaydesk_client.client import Client
from assaydesk_client.errors import (
    AssaydeskError,
    Corrupted,
    Misuse,
    NotAllowed,
    PromotionMoved,
    Refused,
    TimedOut,
    Unreachable,
)
from assaydesk_client.exits import Exit
from assaydesk_client.waiting import wait_for_comparison, wait_for_promotion

__all__ = [
    "AssaydeskError",
    "Client",
    "Corrupted",
    "Exit",
    "Misuse",
    "NotAllowed",
    "PromotionMoved",
    "Refused",
    "TimedOut",
    "Unreachable",
    "wait_for_comparison",
    "wait_for_promotion",
]
