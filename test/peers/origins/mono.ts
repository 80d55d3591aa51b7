import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ChildProgram } from "../../support/child-program.ts";
import { freePort } from "../../support/free-port.ts";
import { RawConnection } from "../../support/raw-connection.ts";
import { searchPath } from "../installed.ts";
import { startNginx } from "./nginx-dav.ts";
import type { OriginSetup } from "./real-origin.ts";

const PARAMETERS = {
  QUERY_STRING: "$query_string",
  REQUEST_METHOD: "$request_method",
  CONTENT_TYPE: "$content_type",
  CONTENT_LENGTH: "$content_length",
  SCRIPT_NAME: "$fastcgi_script_name",
  SCRIPT_FILENAME: "$document_root$fastcgi_script_name",
  PATH_INFO: '""',
  REQUEST_URI: "$request_uri",
  DOCUMENT_ROOT: "$document_root",
  SERVER_PROTOCOL: "$server_protocol",
  REMOTE_ADDR: "$remote_addr",
  SERVER_ADDR: "$server_addr",
  SERVER_PORT: "$server_port",
  SERVER_NAME: "localhost",
};

/** An ASP.NET application on Mono behind nginx, which puts files itself. */
export async function startMono(setup: OriginSetup): Promise<ChildProgram[]> {
  const { folder, files, logs } = setup;
  const application = join(folder, "application");
  await mkdir(application);
  for (const name of ["web.config", "receive.ashx"])
    await copyFile(join(import.meta.dirname, "aspnet", name), join(application, name));
  const port = await freePort();
  const mono = new ChildProgram("fastcgi-mono-server4", {
    args: [`/applications=/:${application}`, `/socket=tcp:127.0.0.1:${port}`, "/printlog=True"],
    // Compiled pages go where they are removed with the rest.
    env: { ...searchPath(), TMPDIR: folder, HOME: folder, MONO_OPTIONS: "--gc=sgen" },
    cwd: folder,
    logs,
  });
  const parameters = Object.entries(PARAMETERS).map(([name, value]) => `fastcgi_param ${name} ${value};`);
  const nginx = await startNginx(
    setup,
    `client_max_body_size 0;
    root ${files};
    dav_methods PUT;
    location ~ \\.ashx$ {
      root ${application};
      fastcgi_pass 127.0.0.1:${port};
      fastcgi_read_timeout 300s;
      fastcgi_max_temp_file_size 0;
      ${parameters.join("\n      ")}
    }`,
  );
  await Promise.race([untilListening(port), mono.failure()]);
  return [mono, nginx];
}

async function untilListening(port: number): Promise<void> {
  for (let turn = 0; ; turn++) {
    try {
      return (await RawConnection.open("127.0.0.1", port)).destroy();
    } catch (error) {
      if (turn > 500) throw error;
      await pause(20);
    }
  }
}
