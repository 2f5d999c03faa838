"""A server of TLS by tlslite-ng: SSL 3.0 to TLS 1.3, RC4, 3DES, NULL, post-quantum groups, heartbeat.

Every connection is answered in a thread of its own, with a page to whatever is asked. Settings are those of tlslite-ng
(HandshakeSettings), lists separated by commas. Prints "listening" once it does.
"""

import argparse
import socket
import threading

from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
from tlslite.errors import TLSError

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nwelcome\n"
LISTS = {
    "ciphers": "cipherNames",
    "macs": "macNames",
    "key-exchanges": "keyExchangeNames",
    "curves": "eccCurves",
    "dh-groups": "dhGroups",
    "rsa-hashes": "rsaSigHashes",
}


def version(text):
    major, minor = text.split(".")
    return int(major), int(minor)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=443)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--min", type=version, default=(3, 1), help="on the wire: 3.0 is SSL 3.0")
    parser.add_argument("--max", type=version, default=(3, 4))
    parser.add_argument("--anonymous", action="store_true")
    parser.add_argument("--no-heartbeat", action="store_true")
    parser.add_argument("--no-extended-master-secret", action="store_true")
    parser.add_argument("--no-encrypt-then-mac", action="store_true")
    for name in LISTS:
        parser.add_argument("--" + name)
    return parser.parse_args()


def settings(chosen):
    wanted = HandshakeSettings()
    wanted.minVersion, wanted.maxVersion = chosen.min, chosen.max
    wanted.versions = [v for v in [(3, 4), (3, 3), (3, 2), (3, 1), (3, 0)] if chosen.min <= v <= chosen.max]
    wanted.use_heartbeat_extension = not chosen.no_heartbeat
    wanted.useExtendedMasterSecret = not chosen.no_extended_master_secret
    wanted.useEncryptThenMAC = not chosen.no_encrypt_then_mac
    for name, attribute in LISTS.items():
        text = getattr(chosen, name.replace("-", "_"))
        if text is not None:
            setattr(wanted, attribute, text.split(",") if text else [])
    if chosen.curves:
        wanted.keyShares = []
        wanted.defaultCurve = next(c for c in wanted.eccCurves if "mlkem" not in c)
    return wanted.validate()


def answer(connection, chosen, wanted, chain, key):
    tls = TLSConnection(connection)
    try:
        tls.handshakeServer(certChain=chain, privateKey=key, settings=wanted, anon=chosen.anonymous)
        tls.read(1, 8192)
        tls.write(PAGE)
        tls.close()
    except (TLSError, OSError, ValueError, SyntaxError):
        pass
    finally:
        connection.close()


def main():
    chosen = arguments()
    wanted = settings(chosen)
    chain = X509CertChain()
    with open(chosen.certificate, encoding="ascii") as file:
        chain.parsePemList(file.read())
    with open(chosen.key, encoding="ascii") as file:
        key = parsePEMKey(file.read(), private=True)
    if chosen.anonymous:
        chain, key = None, None
    listener = socket.create_server(("127.0.0.1", chosen.port), backlog=256)
    print("listening", flush=True)
    while True:
        connection, _ = listener.accept()
        connection.settimeout(10)
        threading.Thread(target=answer, args=(connection, chosen, wanted, chain, key), daemon=True).start()


main()
