import type { Config, UploadDirectory } from "../../src/config/config.ts";
import type { Dice } from "./dice.ts";

/** The settings of a world: every setting that a session reads, each with every value that makes a difference. */
export function settingsOf(dice: Dice): Config {
  const directories = Array.from({ length: dice.between("settings", 1, 3) }, (_, index) =>
    directoryOf(dice, `/d${index}/`),
  );
  return {
    originUrl: "http://origin",
    originAuthorization: null,
    originConnection: "auto",
    directories,
    sessionKeys: ["a key of a world, of 32 characters or more"],
    publicUrl: null,
    healthPath: "/healthz",
    clusterReadyUrl: null,
    trustedProxies: [],
    sessionObjects: dice.pick("settings", [0, 1, 1, 2]),
    placement: { jurisdiction: null, locationHint: null },
    answerIdleTimeoutSeconds: null,
    maximumFragmentBytes: dice.pick("settings", [40, 1000]),
    operator: {
      path: "/_bits/",
      token: dice.pick("operator", [null, "a token"]),
      readToken: null,
      access: null,
    },
    door: {},
  };
}

function directoryOf(dice: Dice, path: string): UploadDirectory {
  const notification = dice.pick("settings", ["none", "by-value", "by-reference"] as const);
  const isNotified = notification !== "none";
  const isBits = !isNotified && dice.next("handover") < 0.5;
  const reply = isNotified && dice.next("settings") < 0.4;
  return {
    path,
    enabled: true,
    notification,
    notificationUrl: isNotified ? "/receive" : null,
    commitOn: reply
      ? "last-fragment"
      : dice.pick("settings", ["close-session", "close-session", "last-fragment"]),
    reply,
    allowOverwrites: dice.next("settings") < 0.5,
    maximumUploadBytes: 100_000,
    sessionTimeoutSeconds: dice.pick("settings", [3_600, 86_400, 1_209_600]),
    originTimeoutSeconds: dice.pick("settings", [2, 270]),
    unknownOutcome: isNotified || isBits ? dice.pick("settings", ["retry", "retry", "hold"]) : "retry",
    hostId: null,
    hostIdFallbackTimeoutSeconds: 0,
    maximumSessionsPerClient: dice.next("settings") < 0.3 ? dice.between("settings", 1, 3) : null,
    authorize: "none",
    authorizeUrl: null,
    allowFrom: null,
    denyExtensions: [],
    allowExtensions: null,
    denySegments: [],
    handover: isBits ? "bits" : "request",
    originFragmentBytes: dice.pick("handover", [20, 100, 4_194_304]),
    originHosts: [],
  };
}
