"""Files that come with a form: one larger than locked data may be isn't even kept on the disk."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

_DROPPED = "_dropped_upload"


class UploadWithinLimit(FileUploadHandler):
    """Drops a file at the byte that is too many, wherever it is sent; the form's other fields are read all the same."""

    received = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """The chunk for the next handler. Raises SkipFile over the limit."""
        self.received += len(raw_data)
        if self.received > settings.MAX_DATASET_BYTES:
            setattr(self.request, _DROPPED, True)
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Nothing: the next handler has the file."""


def upload_was_dropped(request: HttpRequest) -> bool:
    """Whether a file of the request was too large; known once its form was read."""
    return getattr(request, _DROPPED, False)
