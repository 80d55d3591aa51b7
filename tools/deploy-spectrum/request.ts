import type { AppCreateParams } from "cloudflare/resources/spectrum/apps";
import type { SpectrumOptions } from "./options.ts";

/** Body and zone of `POST /zones/{zone_id}/spectrum/apps`, as the official SDK types it. */
export type SpectrumRequest = AppCreateParams.SpectrumConfigAppConfig;

/**
 * The application for BITS: connections to one port of one name, handed to the Worker as they are.
 *
 * A Worker as origin is for TCP only, without PROXY protocol, and with `tls` "off" or "flexible", where
 * Spectrum ends TLS and the Worker sees plain text (the SDK's words on `origin_worker_id`, 7.2.0).
 */
export function spectrumApplication({ zone, worker, name, port, tls }: SpectrumOptions): SpectrumRequest {
  return {
    zone_id: zone,
    dns: { type: "CNAME", name },
    protocol: `tcp/${port}`,
    traffic_type: "worker",
    origin_worker_id: worker,
    tls,
    edge_ips: { type: "dynamic", connectivity: "all" },
  };
}
