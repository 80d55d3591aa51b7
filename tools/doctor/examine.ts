import { randomBytes } from "node:crypto";
import type { TlsSettings } from "../bits-client/tls-settings.ts";
import { examineCertificate } from "./certificate.ts";
import type { Finding } from "./finding.ts";
import { examineFragments } from "./fragments.ts";
import { examineHealth } from "./health.ts";
import { Patient } from "./patient.ts";
import { examineServer } from "./server.ts";
import { cancelTrial, createTrial } from "./session.ts";
import { examineStreaming } from "./streaming.ts";
import { examineVerbs, isHeard } from "./verbs.ts";
import { examineWayIn, isOpen } from "./way-in.ts";
import { examineWholeUpload } from "./whole-upload.ts";

/** What is examined, and how far. */
export interface Examination {
  /** The destination of uploads; of a folder a name in it is made up. */
  readonly url: URL;
  readonly authorization: string | null;
  readonly tls: TlsSettings;
  /** Whether 1 MiB is uploaded to the end, which the origin gets. */
  readonly upload: boolean;
  /** How long its Close-Session may take. */
  readonly closeSeconds: number;
  readonly healthPath: string;
  readonly signal: AbortSignal;
}

/** Step by step, each finding as soon as it is there; a step that rests on one that failed is left out. */
export async function* examine(examination: Examination): AsyncGenerator<Finding> {
  const { tls, signal } = examination;
  const url = destinationFor(examination.url);
  const wayIn = await examineWayIn(url, signal);
  yield* wayIn;
  if (!isOpen(wayIn)) return;
  const certificate = await examineCertificate(url, tls, signal);
  yield* certificate;
  if (!isOpen(certificate)) return;
  const patient = new Patient({ ...examination, url });
  try {
    yield* examinePackets(patient, examination);
  } finally {
    patient.close();
  }
}

async function* examinePackets(patient: Patient, examination: Examination): AsyncGenerator<Finding> {
  const verbs = await examineVerbs(patient);
  yield verbs;
  if (!isHeard(verbs, patient.verb)) return;
  const server = await examineServer(patient);
  yield server;
  if (server.mark !== "bad") yield* examineSession(patient, examination);
  yield* await examineHealth(patient, examination.healthPath);
}

async function* examineSession(patient: Patient, examination: Examination): AsyncGenerator<Finding> {
  const { finding, sessionId } = await createTrial(patient);
  yield finding;
  if (sessionId === null) return;
  try {
    const fragments = await examineFragments(patient, sessionId);
    yield fragments.finding;
    if (fragments.finding.mark !== "bad") yield await examineStreaming(patient, sessionId, fragments);
  } finally {
    // Whatever happens, nothing is left behind.
    yield await cancelTrial(patient, sessionId);
  }
  if (examination.upload) yield await examineWholeUpload(patient, examination.closeSeconds);
}

function destinationFor(url: URL): URL {
  const destination = new URL(url);
  destination.hash = "";
  if (url.pathname.endsWith("/")) {
    destination.pathname += `bits-edge-doctor-${randomBytes(4).toString("hex")}.bin`;
  }
  return destination;
}
