"""TLS with an authority of one's own, also on this machine; and a store that isn't encrypted as the server is."""

import hashlib
import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from assaydesk_client import Client, Misuse, Unreachable
from assaydesk_client.answers import ArtifactFile
from tests.client.recorded import MODEL
from tests.client.scripted_server import ScriptedServer, scripted_server

FILE: ArtifactFile = {"path": "model.onnx", "size": 5, "sha256": hashlib.sha256(b"bytes").hexdigest()}
SIGNED = "X-Amz-Signature=5ecre7"


@pytest.fixture(scope="module")
def own_authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of 127.0.0.1, signed by nobody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests of assaydesk")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = builder.add_extension(addresses, critical=False)
    file = tmp_path_factory.mktemp("authority") / "both.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def https(own_authority: Path) -> Iterator[ScriptedServer]:
    with scripted_server(own_authority) as script:
        script.answer("GET /models/loan", MODEL)
        yield script


@pytest.fixture
def trusted(own_authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(own_authority))


def opened(server: ScriptedServer) -> Client:
    return Client(server.url, "a-token", pause=lambda _seconds: None)


@pytest.mark.usefixtures("trusted")
def test_an_authority_of_one_s_own_is_believed_on_this_machine_too_and_no_proxy_asked(
    https: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    with opened(https) as client:
        assert client.model("loan")["name"] == MODEL["name"]


def test_without_it_the_remedy_names_the_variable(https: ScriptedServer) -> None:
    with opened(https) as client, pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED") as refused:
        client.model("loan")
    assert "SSL_CERT_FILE" in refused.value.remedy
    assert https.calls == []


def test_certificates_that_can_not_be_read_are_told_by_the_variable(
    https: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").write_text("none")
    for file in ("nowhere.pem", "empty.pem"):
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / file))
        with pytest.raises(Misuse, match="SSL_CERT_FILE"):
            opened(https)


@pytest.mark.usefixtures("trusted")
def test_a_store_over_https_is_believed_by_the_same_certificates(
    https: ScriptedServer, own_authority: Path, tmp_path: Path
) -> None:
    with scripted_server(own_authority) as store, opened(https) as client:
        store.answer("GET /bucket/object", b"bytes")
        https.redirect("GET /models/loan/versions/1/artifacts/model.onnx", f"{store.url}/api/v1/bucket/object?{SIGNED}")
        client.download_artifact("loan", 1, FILE, tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").read_bytes() == b"bytes"


@pytest.mark.usefixtures("trusted")
def test_a_store_without_tls_behind_a_server_with_it_is_refused_and_its_signed_address_not_told(
    https: ScriptedServer, tmp_path: Path
) -> None:
    https.redirect("GET /models/loan/versions/1/artifacts/model.onnx", f"http://s3.example/b/o?{SIGNED}")
    with opened(https) as client, pytest.raises(Unreachable, match=r"address is http://s3\.example") as refused:
        client.download_artifact("loan", 1, FILE, tmp_path / "model.onnx")
    assert "PRESIGNED_DOWNLOADS=false" in refused.value.remedy
    assert "5ecre7" not in f"{refused.value} {refused.value.remedy}"


@pytest.mark.parametrize(
    "to", [f"ftp://store/o?{SIGNED}", f"/o?{SIGNED}", f"http://[/o?{SIGNED}", f"http://s:x/?{SIGNED}"]
)
def test_no_message_about_a_redirect_holds_its_query(
    server: ScriptedServer, client: Client, tmp_path: Path, to: str
) -> None:
    server.redirect("GET /models/loan/versions/1/artifacts/model.onnx", to)
    with pytest.raises(Unreachable) as refused:
        client.download_artifact("loan", 1, FILE, tmp_path / "model.onnx")
    assert "5ecre7" not in f"{refused.value} {refused.value.remedy}"
