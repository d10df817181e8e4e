"""Planted secrets, and the search for them."""

import base64
import json
import secrets
import string
import urllib.parse
from pathlib import Path

# A part of a secret of this length is a leak as well.
PART = 8


def canary(marks="+/=%&\"", head=12):
    """Unique, and different in each of its written forms; its first and last characters are letters and digits."""
    return secrets.token_hex(head // 2) + marks + secrets.token_hex(head // 2)


def base32_canary():
    return "".join(secrets.choice(string.ascii_uppercase + "234567") for _ in range(32))


def forms(secret):
    """How it may be written: as it is, percent-encoded, in JSON, in base64 (alone, and behind a user and a colon at
    each offset), in hexadecimal, and the parts at its ends."""
    raw = secret.encode()
    found = {secret, urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret), json.dumps(secret)[1:-1],
             raw.hex(), secret[:PART], secret[-PART:], secret[::-1]}
    for offset in range(3):
        # The characters that depend on the neighbours are left away.
        encoded = base64.b64encode(b"\0" * offset + raw)[4 if offset else 0:]
        found.add(encoded[:len(raw) // 3 * 4 - 4].decode())
    return {form.lower() for form in found if len(form) >= PART}


class Search:
    """Knows what was planted, by its name, and gathers what is to be searched, by where it was found."""

    def __init__(self, planted):
        self.forms = {name: forms(secret) for name, secret in planted.items()}
        self.texts = []

    def add(self, where, text):
        text = text.decode("latin-1") if isinstance(text, bytes) else text
        self.texts.append((where, text.lower()))

    def add_files(self, directory, allowed=()):
        """Every file below, but for those that hold secrets by design."""
        for file in sorted(Path(directory).rglob("*")):
            if file.is_file() and file.name not in allowed:
                self.add(str(file), file.read_bytes())

    def found(self):
        """Each secret that is somewhere, where, and what is around it."""
        return sorted({f"{name} in {where}: …{self._around(text, form)}…" for where, text in self.texts
                       for name, every in self.forms.items() for form in every if form in text})

    @staticmethod
    def _around(text, form):
        at = text.index(form)
        return text[max(0, at - 60):at + len(form) + 20]
