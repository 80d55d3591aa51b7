# edge.capnp with a third door: the TCP door behind TLS, for BITS clients that are given https:// URLs.
# certificate.pem (the chain, the server's own certificate first) and key.pem are looked up in the folder
# that is named by -I; they are read once, at the start.
#
#   npx workerd serve -I /etc/bits-edge deploy/workerd/edge-tls.capnp

using Workerd = import "/workerd/workerd.capnp";
using Edge = import "edge.capnp";

const edge :Workerd.Config = (services = Edge.services, sockets = .sockets);

const sockets :List(Workerd.Socket) = [
  (name = "http", address = "127.0.0.1:8080", service = "main", http = ()),
  (name = "tcp", address = "127.0.0.1:8789", service = "main", tcp = ()),
  # For `npm run serve` alone, which says at it that the runtime is about to end.
  (name = "control", address = "127.0.0.1:0", service = (name = "main", entrypoint = "control"), http = ()),
  (name = "tls", address = "127.0.0.1:8443", service = "main", tcp = (tlsOptions = (
    keypair = (privateKey = embed "/key.pem", certificateChain = embed "/certificate.pem"),
    minVersion = tls1Dot2,
  ))),
];
