"""An authority of the tests' own, and certificates that it signs."""

import datetime
import ipaddress
import ssl
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def _builder(name, key):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (x509.CertificateBuilder().subject_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30)))


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _key():
    return ec.generate_private_key(ec.SECP256R1())


class Authority:
    """Writes ca.crt to `directory`, and what it signs beside it."""

    def __init__(self, directory):
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.key = _key()
        self.name = _name("tests")
        self.certificate = (_builder(self.name, self.key).issuer_name(self.name)
                            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                            .sign(self.key, hashes.SHA256()))
        self.file = directory / "ca.crt"
        self._write(self.file, self.certificate)

    def _write(self, file, certificate):
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def sign(self, name, *names):
        """NAME.crt and NAME.key for these host names and addresses."""
        key = _key()
        alternatives = []
        for each in names or ("localhost", "127.0.0.1"):
            try:
                alternatives.append(x509.IPAddress(ipaddress.ip_address(each)))
            except ValueError:
                alternatives.append(x509.DNSName(each))
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (_builder(_name(name), key).issuer_name(self.name)
                       .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
                       .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
                       .sign(self.key, hashes.SHA256()))
        self._write(self.directory / f"{name}.crt", certificate)
        self.loose_key(name, key)

    def loose_key(self, name, key=None):
        """A key alone."""
        (self.directory / f"{name}.key").write_bytes((key or _key()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    def context(self, client=None):
        """What a client trusts, and shows when it has a certificate."""
        context = ssl.create_default_context(cafile=self.file)
        if client is not None:
            context.load_cert_chain(self.directory / f"{client}.crt", self.directory / f"{client}.key")
        return context

    def opener(self, client=None):
        """Opens URLs as a client of this authority."""
        return urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                           urllib.request.HTTPSHandler(context=self.context(client)))
