// An application for trying a cluster (docs/cluster.md): it takes files by PUT, as IIS with WebDAV does, and keeps them in
// state/taken/files. It is at http://127.0.0.1:8790.
import { join } from "node:path";
import { PROJECT } from "../test/support/bundle.ts";
import { startLegacyOrigin } from "../test/support/legacy-origin.ts";

const folder = join(PROJECT, "state", "taken");
const origin = await startLegacyOrigin({ port: 8790, folder });
console.log(`application at ${origin.url}; files go to ${join(folder, "files")}`);
