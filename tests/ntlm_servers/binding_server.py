"""NTLM over HTTPS with channel bindings, which no other free server verifies.

usage: binding_server.py CERTIFICATE KEY MODE     (PEM files)

MODE is what IIS calls tokenChecking:
  never       bindings are not looked at ("None")
  partial     bindings that are sent must be right ("Allow")
  always      right bindings must be sent ("Require")
  always+mic  and with a message integrity code

The sign-in is verified by gss-ntlmssp against NTLM_USER_FILE. A TCP connection is one security
context, as with IIS. The first line of the output is the port; each other line is one sign-in, in
JSON.
"""

import base64
import hashlib
import json
import socketserver
import ssl
import struct
import sys

import gssapi
from cryptography import x509

CERTIFICATE, KEY, MODE = sys.argv[1:]

AV_FLAGS = 6
AV_TARGET_NAME = 9
AV_CHANNEL_BINDINGS = 10
FLAG_MIC = 2


def end_point_binding():
    """tls-server-end-point of RFC 5929, section 4.1."""
    with open(CERTIFICATE) as file:
        der = ssl.PEM_cert_to_DER_cert(file.read())
    name = x509.load_der_x509_certificate(der).signature_hash_algorithm.name
    digest = hashlib.new("sha256" if name in ("md5", "sha1") else name, der).digest()
    return gssapi.raw.ChannelBindings(application_data=b"tls-server-end-point:" + digest)


BINDINGS = None if MODE == "never" else end_point_binding()


def av_pairs(authenticate):
    """The AV pairs of the NTLMv2 response in an AUTHENTICATE message."""
    length, _, offset = struct.unpack_from("<HHI", authenticate, 20)
    response = authenticate[offset:offset + length]
    pairs, at = {}, 44
    while at + 4 <= len(response):
        kind, size = struct.unpack_from("<HH", response, at)
        if kind == 0:
            break
        pairs[kind] = response[at + 4:at + 4 + size]
        at += 4 + size
    return pairs


class Refused(Exception):
    pass


def verified(context, authenticate):
    """What a right sign-in says of itself; raises if it is wrong."""
    pairs = av_pairs(authenticate)
    bound = any(pairs.get(AV_CHANNEL_BINDINGS, b""))
    mic = bool(struct.unpack("<I", pairs.get(AV_FLAGS, bytes(4)))[0] & FLAG_MIC)
    context.step(authenticate)
    if MODE.startswith("always") and not bound:
        raise Refused("no channel bindings")
    if MODE.endswith("+mic") and not mic:
        raise Refused("no MIC")
    target = pairs.get(AV_TARGET_NAME, b"").decode("utf-16le")
    return {"user": str(context.initiator_name).rstrip("\0"), "bound": bound, "mic": mic, "target": target}


class Connection(socketserver.StreamRequestHandler):
    def setup(self):
        self.request = TLS.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self):
        context = user = None
        while fields := self.read_fields():
            body = self.rfile.read(int(fields.get("content-length", "0")))
            scheme, _, token = fields.get("authorization", "").partition(" ")
            message = base64.b64decode(token)
            challenge = None
            if scheme == "NTLM" and message[8] == 1:
                user = None
                context = gssapi.SecurityContext(usage="accept", channel_bindings=BINDINGS)
                challenge = context.step(message)
            elif scheme == "NTLM":
                user = self.sign_in(context, message)
                context = None
            self.answer(user, challenge, body)

    def read_fields(self):
        if not self.rfile.readline():
            return None
        fields = {"": ""}
        while line := self.rfile.readline().strip():
            name, _, value = line.decode("latin1").partition(":")
            fields[name.lower()] = value.strip()
        return fields

    def sign_in(self, context, message):
        try:
            if context is None:
                raise Refused("no challenge")
            logon = verified(context, message)
        except (Refused, gssapi.exceptions.GSSError) as error:
            print(json.dumps({"refused": str(error)}), flush=True)
            return None
        print(json.dumps(logon), flush=True)
        return logon["user"]

    def answer(self, user, challenge, body):
        if user:
            head = b"HTTP/1.1 200 OK\r\n"
        else:
            token = b" " + base64.b64encode(challenge) if challenge else b""
            head = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM" + token + b"\r\n"
            body = b""
        self.wfile.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that goes away is no failure of the server."""


TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
# Otherwise it would not present a certificate that is signed with SHA-1.
TLS.set_ciphers("DEFAULT:@SECLEVEL=0")
TLS.load_cert_chain(CERTIFICATE, KEY)

with Server(("127.0.0.1", 0), Connection) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
