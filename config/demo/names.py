"""What the demo's smaller families are called, for those who train them and those who only talk about them."""

FARE_MODEL = "air-fare"
DIGIT_MODEL = "digit-reader"


def training_dataset(model: str) -> str:
    return f"{model}-train"


def holdout_dataset(model: str) -> str:
    return f"{model}-holdout"


def upcoming_dataset(model: str) -> str:
    """Rows without labels: what the model would be asked next."""
    return f"{model}-upcoming"
