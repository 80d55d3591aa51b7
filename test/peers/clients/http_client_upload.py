"""Uploads one file with http.client, which sends no Content-Length for a verb that it does not know and no body."""

import http.client
import sys

port, path, verb, content = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4].encode()
PROTOCOL = "{7df0354d-249b-430f-820d-3d2a9bef4931}"
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)


def send(packet, headers, body=None):
    fields = {"BITS-Packet-Type": packet, "X-HTTP-Method-Override": "BITS_POST", **headers}
    connection.request(verb, path, body=body, headers=fields)
    response = connection.getresponse()
    response.read()
    if response.status != 200:
        sys.exit(f"{packet}: {response.status} {response.getheader('BITS-Error-Code')}")
    return response


session = send("Create-Session", {"BITS-Supported-Protocols": PROTOCOL}).getheader("BITS-Session-Id")
send("Ping", {})
content_range = f"bytes 0-{len(content) - 1}/{len(content)}"
send("Fragment", {"BITS-Session-Id": session, "Content-Range": content_range}, content)
send("Close-Session", {"BITS-Session-Id": session})
