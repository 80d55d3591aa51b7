# The edge on a machine of your own: workerd, Cloudflare's runtime, with the built Worker, its Durable
# Objects on one disk, and both doors. `npm run serve` starts it and fills in what it needs; by hand:
#
#   npx wrangler deploy --dry-run --outdir dist      builds the Worker that is embedded below
#   mkdir -p state
#   SESSION_KEY=… ORIGIN_URL=https://iis.example.com UPLOAD_DIRECTORIES='[{"path":"/uploads/"}]' \
#     npx workerd serve deploy/workerd/edge.capnp
#
# Addresses and the folder can be changed on the command line: --socket-addr tcp=*:80,
# --directory-path state=/var/lib/bits-edge.

using Workerd = import "/workerd/workerd.capnp";

const edge :Workerd.Config = (services = .services, sockets = .sockets);

const services :List(Workerd.Service) = [
  (name = "main", worker = (
    modules = [(name = "worker.js", esModule = embed "../../dist/worker.js")],
    # As in wrangler.toml.
    compatibilityDate = "2026-10-20",
    bindings = [
      (name = "UPLOAD_SESSIONS", durableObjectNamespace = "UploadSession"),
      (name = "SESSION_COUNTERS", durableObjectNamespace = "SessionCounter"),
      (name = "SESSION_INDEX", durableObjectNamespace = "SessionIndex"),
      (name = "UPLOAD_SEGMENTS", durableObjectNamespace = "UploadSegment"),
      (name = "MACHINE", service = "machine"),
      # Every setting of wrangler.toml's [vars] and every secret; lists as JSON text. What is not in the
      # environment is not set.
      (name = "ORIGIN_URL", fromEnvironment = "ORIGIN_URL"),
      (name = "ORIGIN_CONNECTION", fromEnvironment = "ORIGIN_CONNECTION"),
      (name = "UPLOAD_DIRECTORIES", fromEnvironment = "UPLOAD_DIRECTORIES"),
      (name = "HEALTH_PATH", fromEnvironment = "HEALTH_PATH"),
      (name = "PUBLIC_URL", fromEnvironment = "PUBLIC_URL"),
      (name = "TRUSTED_PROXIES", fromEnvironment = "TRUSTED_PROXIES"),
      (name = "PROXY_PROTOCOL", fromEnvironment = "PROXY_PROTOCOL"),
      (name = "SESSION_OBJECTS", fromEnvironment = "SESSION_OBJECTS"),
      (name = "MAXIMUM_FRAGMENT_BYTES", fromEnvironment = "MAXIMUM_FRAGMENT_BYTES"),
      (name = "HEAD_TIMEOUT_SECONDS", fromEnvironment = "HEAD_TIMEOUT_SECONDS"),
      (name = "BODY_IDLE_TIMEOUT_SECONDS", fromEnvironment = "BODY_IDLE_TIMEOUT_SECONDS"),
      (name = "ANSWER_IDLE_TIMEOUT_SECONDS", fromEnvironment = "ANSWER_IDLE_TIMEOUT_SECONDS"),
      (name = "KEEP_ALIVE_TIMEOUT_SECONDS", fromEnvironment = "KEEP_ALIVE_TIMEOUT_SECONDS"),
      (name = "CONNECTIONS_PER_CLIENT", fromEnvironment = "CONNECTIONS_PER_CLIENT"),
      (name = "REQUESTS_PER_CONNECTION", fromEnvironment = "REQUESTS_PER_CONNECTION"),
      (name = "MAXIMUM_CONNECTIONS", fromEnvironment = "MAXIMUM_CONNECTIONS"),
      (name = "CLUSTER_READY_URL", fromEnvironment = "CLUSTER_READY_URL"),
      (name = "CONTROL_KEY", fromEnvironment = "CONTROL_KEY"),
      (name = "SESSION_KEY", fromEnvironment = "SESSION_KEY"),
      (name = "SESSION_KEY_PREVIOUS", fromEnvironment = "SESSION_KEY_PREVIOUS"),
      (name = "ORIGIN_AUTHORIZATION", fromEnvironment = "ORIGIN_AUTHORIZATION"),
      (name = "OPERATOR_PATH", fromEnvironment = "OPERATOR_PATH"),
      (name = "OPERATOR_TOKEN", fromEnvironment = "OPERATOR_TOKEN"),
      (name = "OPERATOR_READ_TOKEN", fromEnvironment = "OPERATOR_READ_TOKEN"),
      (name = "ACCESS_TEAM_DOMAIN", fromEnvironment = "ACCESS_TEAM_DOMAIN"),
      (name = "ACCESS_AUD", fromEnvironment = "ACCESS_AUD"),
    ],
    # The keys name the folders of the objects: other ones would find no session of before.
    durableObjectNamespaces = [
      (className = "UploadSession", uniqueKey = "bits-edge-UploadSession", enableSql = true),
      (className = "SessionCounter", uniqueKey = "bits-edge-SessionCounter", enableSql = true),
      (className = "SessionIndex", uniqueKey = "bits-edge-SessionIndex", enableSql = true),
      (className = "UploadSegment", uniqueKey = "bits-edge-UploadSegment", enableSql = true),
    ],
    durableObjectStorage = (localDisk = "state"),
    globalOutbound = "network",
  )),
  (name = "state", disk = (path = "state", writable = true)),
  # The origin may be anywhere, in a private network above all; workerd alone would allow public addresses only.
  (name = "network", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  # Descriptors and disk, for the metrics: `npm run serve` answers, and says where. By hand nobody does, and they are left out.
  (name = "machine", external = (address = "127.0.0.1:9", http = ())),
];

const sockets :List(Workerd.Socket) = [
  (name = "http", address = "127.0.0.1:8080", service = "main", http = ()),
  (name = "tcp", address = "127.0.0.1:8789", service = "main", tcp = ()),
  # For `npm run serve` alone, which says at it that the runtime is about to end.
  (name = "control", address = "127.0.0.1:0", service = (name = "main", entrypoint = "control"), http = ()),
];
