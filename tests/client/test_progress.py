import io
from pathlib import Path

from assaydesk_client.output import Output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_on_a_terminal_and_ends_its_line(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"x" * 1000)
    terminal = Terminal()
    progress = Output(stderr=terminal).progress(file)
    assert progress is not None
    progress(400)
    progress(600)
    assert terminal.getvalue() == "\rmodel.onnx  40% of 0.0 MB\rmodel.onnx 100% of 0.0 MB\n"


def test_no_progress_where_nobody_watches(tmp_path: Path) -> None:
    assert Output(stderr=io.StringIO()).progress(tmp_path / "model.onnx") is None
