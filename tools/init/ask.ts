import { isCancel, select, text } from "@clack/prompts";
import { CliError } from "../terminal/cli-error.ts";
import { asDirectory, type DirectorySettings } from "./answers.ts";
import type { GatewayName, Target } from "./options.ts";

/** Asks on the terminal where the edge is to run. */
export async function askTarget(): Promise<Target> {
  return await answered(
    select<Target>({
      message: "Where is the edge to run?",
      options: [
        {
          value: "own-machine",
          label: "On a machine of your own",
          hint: "workerd; BITS clients reach it as they are",
        },
        {
          value: "cloudflare",
          label: "On Cloudflare",
          hint: "a Worker; BITS clients need a gateway or Spectrum",
        },
      ],
    }),
  );
}

/** Asks for the origin. */
export async function askOrigin(): Promise<string> {
  return await answered(
    text({
      message: "Which server gets the finished uploads?",
      placeholder: "http://iis.example.com",
      validate: (value) => (URL.canParse(value ?? "") ? undefined : "An absolute URL, http or https."),
    }),
  );
}

/** Asks for what the edge's own URLs begin with. */
export async function askPublicUrl(): Promise<string> {
  return await answered(
    text({
      message: "By which scheme and host do clients and the application reach the edge?",
      placeholder: "https://bits.example.com",
    }),
  );
}

/** Asks for the directories. */
export async function askDirectories(): Promise<DirectorySettings[]> {
  const said = await answered(
    text({
      message: "Which folders take uploads? (several: with spaces between)",
      placeholder: "/uploads/",
      defaultValue: "/uploads/",
    }),
  );
  return said.split(/\s+/).filter(Boolean).map(asDirectory);
}

/** Asks for the gateway. */
export async function askGateway(target: Target): Promise<GatewayName> {
  const none = target === "cloudflare" ? "Spectrum, or clients that say POST" : "clients reach the TCP door";
  return await answered(
    select<GatewayName>({
      message: "Does a gateway stand in front?",
      options: [
        { value: "none", label: "No", hint: none },
        { value: "nginx", label: "nginx" },
        { value: "haproxy", label: "HAProxy" },
      ],
    }),
  );
}

/** Asks for the name of the Worker. */
export async function askHost(): Promise<string> {
  return await answered(
    text({ message: "By which name does the gateway reach the Worker?", placeholder: "bits.example.com" }),
  );
}

async function answered<T>(question: Promise<T>): Promise<Exclude<T, symbol>> {
  const said = await question;
  if (isCancel(said)) throw new CliError("usage", "Nothing was written.");
  return said as Exclude<T, symbol>;
}
