"""Certificates for tests, by an authority of their own: the openssl program makes them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import run

_CONFIG = """\
[ca]
default_ca = tests
[tests]
new_certs_dir = .
database = index.txt
serial = serial
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
_AUTHORITY = (
    *("-subj", "/CN=Tests", "-days", "30", "-keyout", "ca.key", "-out", "ca.pem"),
    *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
)


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A certificate and its key, in PEM.

    Attributes:
        certificate: it, and behind it the authority's.
        key: its private key.
    """

    certificate: str
    key: str


class Authority:
    """Issues certificates.

    Attributes:
        folder: where it keeps what it needs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "index.txt").touch()
        (folder / "serial").write_text("01\n")
        (folder / "ca.cnf").write_text(_CONFIG)
        self._openssl("req", "-x509", *_CURVE, *_AUTHORITY)

    @property
    def file(self) -> Path:
        """Its own certificate, by which clients trust those that it issues."""
        return self.folder / "ca.pem"

    def issue(self, *names: str, begins: float = -1, ends: float = 60, bits: int = 0) -> Issued:
        """A certificate for names in the DNS, or for addresses.

        Args:
            names: whom it is made out to.
            begins: when it begins to be valid, in days from now.
            ends: when it ends, likewise.
            bits: the length of an RSA key; 0 for one on a curve.
        """
        kind = ("-newkey", f"rsa:{bits}", "-nodes") if bits else _CURVE
        made_out = "subjectAltName=" + ",".join(map(_name, names))
        asked = ("-subj", "/CN=site", "-addext", made_out, "-keyout", "key.pem", "-out", "r.csr")
        self._openssl("req", "-new", *kind, *asked)
        signed_by = ("-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key")
        dates = ("-startdate", _date(begins), "-enddate", _date(ends))
        files = ("-in", "r.csr", "-out", "site.pem")
        self._openssl("ca", "-batch", "-notext", *signed_by, *dates, *files)
        chain = (self.folder / "site.pem").read_text() + self.file.read_text()
        return Issued(certificate=chain, key=(self.folder / "key.pem").read_text())

    def _openssl(self, *words: str) -> None:
        run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)


def _name(name: str) -> str:
    is_address = name.replace(".", "").isdigit()
    return f"{'IP' if is_address else 'DNS'}:{name}"


def _date(days: float) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y%m%d%H%M%SZ}"
