import { makeAsset } from "./asset.ts";
import { CONTROLS } from "./style-controls.ts";
import { GROUND } from "./style-ground.ts";
import { LIST } from "./style-list.ts";
import { OVERVIEW } from "./style-overview.ts";
import { SESSION } from "./style-session.ts";

/** Light and dark by the reader's own setting; figures of one width; on a phone one column, and cards for rows. */
export const STYLE = makeAsset(
  "style.css",
  "text/css; charset=utf-8",
  [GROUND, CONTROLS, OVERVIEW, LIST, SESSION].join("\n"),
);
