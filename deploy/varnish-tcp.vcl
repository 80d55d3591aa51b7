# Varnish before the TCP door: it pipes each connection there, with BITS_POST as it came, and says whose it is by the
# PROXY protocol. An edge of your own only: Cloudflare has no TCP door for it. The edge's settings:
# PROXY_PROTOCOL = true, and TRUSTED_PROXIES with Varnish's address.
#
# The PROXY header is what makes a pipe safe. Varnish looks at the first request of a piped connection only, and a
# client could write an X-Forwarded-For into the second one.
#
#   varnishd -a :80 -a 127.0.0.1:6086,PROXY -p pipe_timeout=300 -f /etc/varnish/bits-edge.vcl
#
# The second port is for what ends TLS, which Varnish does not: deploy/hitch.conf with backend = "[127.0.0.1]:6086";
# then set PUBLIC_URL = "https://…", because the TCP door cannot see that there was TLS. Tested with Varnish 7.1 and
# hitch 1.7. Yours to change are the lines marked "yours".

vcl 4.1;

backend edge {
    .host = "127.0.0.1"; # yours: the edge's TCP door
    .port = "8789"; # yours
    .connect_timeout = 10s;
    .proxy_header = 2;
}

sub vcl_recv {
    # A tunnel is nobody's business here.
    if (req.method == "CONNECT") {
        return (synth(405));
    }
    return (pipe);
}

sub vcl_pipe {
    # Varnish would end the connection after one request.
    unset bereq.http.Connection;
}
