"""A certificate authority, what it signs, and what is presented with it."""

import base64
import datetime
import hashlib
import ipaddress
import itertools
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


class Certificate:
    """A certificate with its key, in one PEM file."""

    def __init__(self, file, certificate, key):
        self.file, self.certificate, self.key = file, certificate, key
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
        file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))

    @property
    def pin(self):
        """As in tls.pin_sha256."""
        key = self.certificate.public_key().public_bytes(serialization.Encoding.DER,
                                                         serialization.PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(key).digest()).decode()

    def server(self):
        """How a server encrypts with it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        return context


class Authority:
    """`file` is its own certificate, for ca_file."""

    def __init__(self, directory):
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.numbers = itertools.count()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _name(f"Authority of {directory.name}")
        self.file = directory / "ca.pem"
        own = _built(self.name, self.name, self.key, days=30).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(self.key, hashes.SHA256())
        self.file.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def sign(self, address="127.0.0.1", days=30, since=-1, key=None, itself=False):
        """A certificate for an address, from `since` on until `days`, both in days from now; `itself`: that nobody
        signed but itself."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        name = _name("simulated-nas")
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        built = _built(name, name if itself else self.name, key, days, since).add_extension(alternative, critical=False)
        signed = built.sign(key if itself else self.key, hashes.SHA256())
        return Certificate(self.directory / f"{next(self.numbers)}.pem", signed, key)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _built(name, issuer, key, days, since=-1):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now + since * DAY)
            .not_valid_after(now + days * DAY))
