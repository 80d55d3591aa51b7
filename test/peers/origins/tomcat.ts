import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ChildProgram } from "../../support/child-program.ts";
import { startJava } from "./java.ts";
import type { OriginSetup } from "./real-origin.ts";

/** Where Debian keeps it. */
const HOME = process.env["TOMCAT_HOME"] ?? "/usr/share/tomcat10";

/**
 * With its cache Tomcat says for 5 s of a file what it found when it was last asked, also when it judges
 * `If-None-Match: *` (10.1.60: a file that had come between was replaced).
 */
const SERVER = ({ files, port }: OriginSetup): string => `<Server port="-1"><Service name="Catalina">
  <Connector port="${port}" address="127.0.0.1" protocol="HTTP/1.1"/>
  <Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps" autoDeploy="false">
    <Context path="" docBase="${files}"><Resources cachingAllowed="false"/></Context>
  </Host></Engine>
</Service></Server>`;

/** `DefaultServlet` takes PUT where it is told that it is not `readonly`; `/files/` has the default. */
const WEB = `<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="5.0">
  <servlet><servlet-name>default</servlet-name>
    <servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class>
    <init-param><param-name>readonly</param-name><param-value>false</param-value></init-param></servlet>
  <servlet><servlet-name>reader</servlet-name>
    <servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class></servlet>
  <servlet-mapping><servlet-name>default</servlet-name><url-pattern>/</url-pattern></servlet-mapping>
  <servlet-mapping><servlet-name>reader</servlet-name><url-pattern>/files/*</url-pattern></servlet-mapping>
  <security-constraint>
    <web-resource-collection><web-resource-name>guarded</web-resource-name>
      <url-pattern>/guarded/*</url-pattern></web-resource-collection>
    <auth-constraint><role-name>nobody</role-name></auth-constraint>
  </security-constraint>
  <security-constraint>
    <web-resource-collection><web-resource-name>denied</web-resource-name>
      <url-pattern>/denied/*</url-pattern><http-method>PUT</http-method></web-resource-collection>
    <auth-constraint/>
  </security-constraint>
  <login-config><auth-method>BASIC</auth-method><realm-name>tomcat</realm-name></login-config>
  <security-role><role-name>nobody</role-name></security-role>
</web-app>`;

/** Tomcat: PUT puts a file; `/files/` may only be read (405), `/guarded/` asks who it is (401), `/denied/` takes nothing (403). */
export async function startTomcat(setup: OriginSetup): Promise<ChildProgram[]> {
  const { folder, files } = setup;
  for (const name of ["conf", "logs", "temp", "work", "webapps"]) await mkdir(join(folder, name));
  await mkdir(join(files, "WEB-INF"));
  await writeFile(join(folder, "conf", "server.xml"), SERVER(setup));
  await writeFile(join(files, "WEB-INF", "web.xml"), WEB);
  const args = [
    "-cp",
    `${join(HOME, "bin", "bootstrap.jar")}:${join(HOME, "bin", "tomcat-juli.jar")}`,
    `-Dcatalina.home=${HOME}`,
    `-Dcatalina.base=${folder}`,
    `-Djava.io.tmpdir=${join(folder, "temp")}`,
    "org.apache.catalina.startup.Bootstrap",
    "start",
  ];
  return [startJava(setup, args)];
}
