import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ChildProgram } from "../../support/child-program.ts";
import { startJava } from "./java.ts";
import type { OriginSetup } from "./real-origin.ts";

/** Where Debian keeps it. */
const HOME = process.env["JETTY_HOME"] ?? "/usr/share/jetty9";

const MODULES = ({ port }: OriginSetup): string => `--module=http
--module=deploy
--module=servlets
jetty.http.host=127.0.0.1
jetty.http.port=${port}
`;

const CONTEXT = ({ files }: OriginSetup): string => `<?xml version="1.0"?>
<!DOCTYPE Configure PUBLIC "-//Jetty//Configure//EN" "http://www.eclipse.org/jetty/configure_9_3.dtd">
<Configure class="org.eclipse.jetty.webapp.WebAppContext">
  <Set name="contextPath">/</Set>
  <Set name="war">${files}</Set>
</Configure>`;

/** Jetty's own servlet takes no PUT; its PutFilter does, on the paths to which it is mapped. */
const WEB = `<web-app xmlns="http://xmlns.jcp.org/xml/ns/javaee" version="3.1">
  <filter><filter-name>put</filter-name>
    <filter-class>org.eclipse.jetty.servlets.PutFilter</filter-class>
    <init-param><param-name>putAtomic</param-name><param-value>true</param-value></init-param></filter>
  ${["plain", "replacing", "later", "full"]
    .map(
      (name) =>
        `<filter-mapping><filter-name>put</filter-name><url-pattern>/${name}/*</url-pattern></filter-mapping>`,
    )
    .join("\n  ")}
  <security-constraint>
    <web-resource-collection><web-resource-name>denied</web-resource-name>
      <url-pattern>/denied/*</url-pattern><http-method>PUT</http-method></web-resource-collection>
    <auth-constraint/>
  </security-constraint>
</web-app>`;

/** Jetty: PUT puts a file in some folders; `/denied/` takes nothing (403), anything else may only be read (405). */
export async function startJetty(setup: OriginSetup): Promise<ChildProgram[]> {
  const { folder, files } = setup;
  for (const name of ["start.d", "webapps", "temp"]) await mkdir(join(folder, name));
  await mkdir(join(files, "WEB-INF"));
  await writeFile(join(folder, "start.d", "origin.ini"), MODULES(setup));
  await writeFile(join(folder, "webapps", "origin.xml"), CONTEXT(setup));
  await writeFile(join(files, "WEB-INF", "web.xml"), WEB);
  const args = [
    `-Djava.io.tmpdir=${join(folder, "temp")}`,
    "-jar",
    join(HOME, "start.jar"),
    `jetty.home=${HOME}`,
    `jetty.base=${folder}`,
  ];
  return [startJava(setup, args)];
}
