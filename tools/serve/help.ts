/** What `--help` prints: on a screen of 24 lines and 80 columns, with the prompt below it. */
export const HELP = `bits-edge serve [options]         the edge on this machine, in the foreground

  --http ADDRESS       HTTP door: gateways, POST            [HTTP_ADDRESS, 8080]
  --tcp ADDRESS        TCP door: BITS clients                [TCP_ADDRESS, 8789]
  --tls ADDRESS        TCP door behind TLS                         [TLS_ADDRESS]
  --certificates DIR   certificate.pem (chain), key.pem           [CERTIFICATES]
  --state DIR          sessions and their bytes          [STATE_FOLDER, ./state]
  --config FILE        settings; else wrangler.toml's [vars]            [CONFIG]
  --check              say whether the configuration is right, and stop
  --log text|json      form of the log                 [LOG, text on a terminal]
  --no-build           in a clone: start what "npm run bundle" built
  --cluster URL        s3://bucket/prefix; experimental                [CLUSTER]
  --cluster-address A  where other edges reach this one        [CLUSTER_ADDRESS]
  --cluster-listen A   where it listens, if elsewhere           [CLUSTER_LISTEN]
  --cluster-new-configuration  this edge's settings become the cluster's

ADDRESS: a port, for this machine only; or *:80, for everyone; or 192.0.2.7:80.
Settings and the names in brackets may be environment variables. Secrets have to
be: SESSION_KEY (else made once, in the state folder), ORIGIN_AUTHORIZATION,
CLUSTER_KEY, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY (docs/deploy.md).
SIGTERM ends it when its requests have ended, or after 30 s; SIGHUP reads the
settings anew and starts the runtime again, in the same way.`;
