"""A name server for one name: `python name_server.py NAME ADDRESS` answers on UDP port 53 of the loopback until it is
ended. It says `ready` when it is."""

import socket
import struct
import sys

A, IN = 1, 1


def answer(query, name, address):
    """The reply to a query: the address of the name, nothing of other types, and that there are no other names."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind, _ = struct.unpack_from("!HH", query, at + 1)
    question = query[12:at + 5]
    is_known = ".".join(labels).lower() == name
    records = b""
    if is_known and kind == A:
        # The name is that of the question, at offset 12.
        records = struct.pack("!HHHIH", 0xC00C, A, IN, 1, 4) + socket.inet_aton(address)
    flags = 0x8180 if is_known else 0x8183
    return query[:2] + struct.pack("!HHHHH", flags, 1, 1 if records else 0, 0, 0) + question + records


def serve(name, address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        print("ready", flush=True)
        while True:
            query, peer = server.recvfrom(512)
            server.sendto(answer(query, name, address), peer)


if __name__ == "__main__":
    serve(*sys.argv[1:])
