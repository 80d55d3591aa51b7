import type { SessionDetails } from "../seat.ts";
import { uploadName } from "./upload-name.ts";
import { visible } from "./visible.ts";
import { RESCUE } from "./deed-words.ts";
import { SORRY, type SorryName } from "./screen-words.ts";

/** Why there is nothing to see, or nothing was done. */
export function Sorry(properties: {
  readonly name: SorryName;
  readonly why: string | null;
  readonly base: string;
}) {
  const { title, says } = SORRY[properties.name];
  return (
    <>
      <p class="back">
        <a href={properties.base}>All uploads</a>
      </p>
      <h1>{title}</h1>
      <p>{properties.why === null ? says : visible(properties.why)}</p>
    </>
  );
}

/** A signed link to an upload's bytes. The browser is not sent there by itself: it may be on another host. */
export function RescueLink(properties: {
  readonly url: string;
  readonly session: SessionDetails;
  readonly base: string;
}) {
  const { url, session, base } = properties;
  return (
    <>
      <p class="back">
        <a href={`${base}session/${session.session}`}>
          <bdi>{uploadName(session)}</bdi>
        </a>
      </p>
      <h1>{RESCUE.name}</h1>
      <p>{RESCUE.ready}</p>
      <p class="link">
        <a href={url} download="" rel="noreferrer">
          {url}
        </a>
      </p>
    </>
  );
}
