# Varnish as a verb gateway: BITS clients say BITS_POST, which Cloudflare's HTTP front end and workerd's refuse with
# 501 before any Worker runs. This turns it into POST + X-HTTP-Method-Override: BITS_POST, which the edge's HTTP door
# takes, and passes everything else on as it came. Nothing is cached.
#
#   varnishd -a :80 -a 127.0.0.1:6086,PROXY -p backend_idle_timeout=3 -f /etc/varnish/bits-edge.vcl
#
# The idle timeout, because workerd ends a connection after 5 s of silence, and a packet must not meet that end
# halfway. The second port is for what ends TLS, which Varnish does not: deploy/hitch.conf with
# backend = "[127.0.0.1]:6086". Tested with Varnish 7.1 and hitch 1.7. Yours to change are the lines marked "yours".

vcl 4.1;

import proxy;
import std;

backend edge {
    .host = "127.0.0.1"; # yours: the edge's HTTP door
    .port = "8080"; # yours
    .connect_timeout = 10s;
    # An Ack of Close-Session may take the origin's 270 s; the client waits for 300.
    .first_byte_timeout = 290s;
    .between_bytes_timeout = 290s;
}

sub vcl_recv {
    # A tunnel would end at the edge's TCP door, past everything that is said here.
    if (req.method == "CONNECT") {
        return (synth(405));
    }

    # A packet says its length ([MC-BUP] 2.2.1). And of a client that breaks off inside a chunked body Varnish 7.1 makes
    # a request that looks whole: half a file would be a file.
    if (req.http.Transfer-Encoding) {
        if (req.method == "BITS_POST") {
            return (synth(400));
        }
        return (synth(411));
    }

    # Only a real BITS_POST may say that it was one. The order matters: the verb is looked at, then changed.
    unset req.http.X-HTTP-Method-Override;
    if (req.method == "BITS_POST") {
        set req.http.X-HTTP-Method-Override = "BITS_POST";
        set req.method = "POST";
    }

    # Set, never added to: what a client claims is not passed on. The edge believes it only from the addresses in
    # TRUSTED_PROXIES.
    set req.http.X-Forwarded-For = client.ip;
    set req.http.X-Forwarded-Host = req.http.Host;
    set req.http.X-Forwarded-Proto = "http";
    if (proxy.is_ssl() || std.port(server.ip) == 443) {
        set req.http.X-Forwarded-Proto = "https";
    }
    # The edge would believe these two as well. X-Forwarded-Host has the port.
    unset req.http.X-Forwarded-Port;
    unset req.http.Forwarded;
    # Cloudflare's own header; nobody behind this gateway may pretend to be Cloudflare.
    unset req.http.CF-Connecting-IP;
    return (pass);
}

sub vcl_synth {
    if (req.method == "BITS_POST") {
        # The Ack that the edge gives: E_INVALIDARG, and it is the server's own refusal.
        set resp.http.BITS-Packet-Type = "Ack";
        set resp.http.BITS-Session-Id = req.http.BITS-Session-Id;
        set resp.http.BITS-Error-Code = "0x80070057";
        set resp.http.BITS-Error = "0x80070057";
        set resp.http.BITS-Error-Context = "0x5";
        set resp.http.Pragma = "no-cache";
        return (deliver);
    }
}

sub vcl_backend_response {
    # What comes is passed on as it comes, and never kept.
    set beresp.do_stream = true;
    set beresp.uncacheable = true;
    return (deliver);
}
