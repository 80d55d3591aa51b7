import { heading } from "./plain-words.ts";

/** What to type next. */
export function sayHowToGoOn(): void {
  heading("How to go on");
  console.log(`
   Set ORIGIN_URL and the directories in wrangler.toml, then start the edge by itself:

      npm run dev

   A BITS client uploads to its TCP door, port 8789. For clients on other machines say
   address = "0.0.0.0" under [[connect]] in wrangler.toml; HOST is this machine's name. In PowerShell:

      Start-BitsTransfer -TransferType Upload -Source C:\\x.bin -Destination http://HOST:8789/uploads/x.bin

   The HTTP door, port 8787, takes the same packets as POST. A session with curl:

      URL=http://127.0.0.1:8787/uploads/x.bin
      printf hello > x.bin
      curl -i $URL -d '' -H 'BITS-Packet-Type: Create-Session' \\
           -H 'BITS-Supported-Protocols: {7df0354d-249b-430f-820d-3d2a9bef4931}'
      ID='{…}'   # BITS-Session-Id of the answer
      curl -i $URL --data-binary @x.bin -H 'BITS-Packet-Type: Fragment' \\
           -H "BITS-Session-Id: $ID" -H 'Content-Range: bytes 0-4/5'
      curl -i $URL -d '' -H 'BITS-Packet-Type: Close-Session' -H "BITS-Session-Id: $ID"
`);
}
