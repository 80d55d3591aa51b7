import type { Answers } from "./answers.ts";

/** Lines of the shipped files that are the operator's, with what `init` knows of them put in. */
type Edit = readonly [shipped: string | RegExp, own: string];

/**
 * The shipped configuration of a gateway → the one for this edge.
 *
 * @throws Error where the shipped file does not have a line that has to be changed
 */
export function gatewayFile(shipped: string, { gateway, target, host }: Answers): string {
  const edits = target === "cloudflare" && host !== null ? CLOUDFLARE[gateway](host) : [];
  let text = shipped;
  for (const [from, to] of edits) {
    const changed = text.replaceAll(from, () => to);
    if (changed === text) throw new Error(`the shipped file of ${gateway} has no ${String(from)}`);
    text = changed;
  }
  return text;
}

/** The lines that say "#cloudflare" take the place of those for an edge beside the gateway. */
const CLOUDFLARE: { readonly [gateway in Answers["gateway"]]: (host: string) => readonly Edit[] } = {
  none: () => [],
  nginx: (host) => [
    ["server 127.0.0.1:8080;", `server ${host}:443;`],
    ["proxy_pass http://bits_edge;\n", "\n"],
    ["#cloudflare ", ""],
    ["bits.example.com", host],
  ],
  haproxy: (host) => [
    ["presetenv BITS_EDGE 127.0.0.1:8080", `presetenv BITS_EDGE ${host}:443`],
    [/^ *server edge "\$\{BITS_EDGE\}"\n/gm, ""],
    ["#cloudflare ", ""],
    ["bits.example.com", host],
  ],
};
