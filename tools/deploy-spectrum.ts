// Makes the Spectrum application that brings BITS clients to the Worker's TCP door. Prints the request;
// sends it with --apply. `--help` says what has to be given.
import { HELP, readSpectrumOptions, UsageError } from "./deploy-spectrum/options.ts";
import { apply } from "./deploy-spectrum/apply.ts";
import { spectrumApplication } from "./deploy-spectrum/request.ts";

async function main(): Promise<void> {
  const options = readSpectrumOptions(process.argv.slice(2), process.env);
  if (options === "help") {
    console.log(HELP);
    return;
  }
  const request = spectrumApplication(options);
  if (options.token === null) {
    const { zone_id: zone, ...body } = request;
    console.log(`POST https://api.cloudflare.com/client/v4/zones/${zone}/spectrum/apps`);
    console.log(JSON.stringify(body, null, 2));
    console.error("Nothing was sent. With --apply and CLOUDFLARE_API_TOKEN it will be.");
    return;
  }
  const { id, done } = await apply(request, { apiToken: options.token });
  console.log(`Spectrum application ${id} ${done}: ${request.dns.name}, ${request.protocol}.`);
}

try {
  await main();
} catch (error) {
  // What the API says is for the operator too: most likely that the zone may not have this application.
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
