export * from "../support/expect-ack.ts";
