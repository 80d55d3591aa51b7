import { makeAsset } from "./asset.ts";

const css = String.raw;

/** Light and dark by the reader's own setting; figures of one width; nothing that moves. */
export const STYLE = makeAsset(
  "style.css",
  "text/css; charset=utf-8",
  css`
    :root {
      color-scheme: light dark;
      --ground: light-dark(#f6f7f9, #111417);
      --card: light-dark(#fff, #1a1e22);
      --line: light-dark(#dfe3e8, #30363d);
      --ink: light-dark(#15191e, #e8eaed);
      --minor: light-dark(#57606a, #9aa4af);
      --link: light-dark(#0b57c4, #7fb2ff);
      --well: light-dark(#1a7f37, #4cc26a);
      --moving: light-dark(#0b57c4, #7fb2ff);
      --waiting: light-dark(#8a5a00, #e0ac4a);
      --bad: light-dark(#c01c28, #ff8080);
      --bar: light-dark(#5b95e8, #4a7fc9);
      --done: light-dark(#7fae8c, #4b8a5e);
      --failed: light-dark(#c01c28, #e5605f);
      font:
        15px/1.5 -apple-system,
        "Segoe UI",
        Roboto,
        "Noto Sans",
        "Liberation Sans",
        sans-serif;
      font-variant-numeric: tabular-nums;
    }
    *,
    *::before {
      box-sizing: border-box;
    }
    body {
      margin: 0;
      background: var(--ground);
      color: var(--ink);
      overflow-wrap: anywhere;
    }
    a {
      color: var(--link);
      text-decoration-thickness: 1px;
      text-underline-offset: 3px;
    }
    :focus-visible {
      outline: 3px solid var(--link);
      outline-offset: 2px;
      border-radius: 3px;
    }
    main:focus {
      outline: none;
    }
    .skip {
      position: absolute;
      left: -100vw;
    }
    .skip:focus {
      left: 8px;
      top: 8px;
      padding: 8px 12px;
      background: var(--card);
      z-index: 1;
    }
    .unseen {
      position: absolute;
      clip-path: inset(50%);
      width: 1px;
      height: 1px;
      overflow: hidden;
    }
    .shapes {
      position: absolute;
    }
    .bar,
    main {
      max-width: 1280px;
      margin: 0 auto;
      padding: 0 24px;
    }
    .bar {
      display: flex;
      align-items: center;
      gap: 12px;
      min-height: 52px;
    }
    .home {
      font-weight: 650;
      color: inherit;
      text-decoration: none;
      margin-right: auto;
    }
    .live,
    .who,
    .minor,
    .asof,
    .back {
      color: var(--minor);
      font-size: 13px;
    }
    .live[data-state="Live"]::before {
      content: "";
      display: inline-block;
      width: 8px;
      height: 8px;
      margin-right: 6px;
      border-radius: 50%;
      background: var(--well);
    }
    .live[data-state="Not "] {
      color: var(--bad);
    }
    .minor {
      display: block;
    }
    h1 {
      font-size: 24px;
      line-height: 1.3;
      font-weight: 650;
      margin: 0 0 8px;
      text-wrap: balance;
    }
    h2 {
      font-size: 16px;
      font-weight: 650;
      margin: 0 0 12px;
    }
    section {
      margin: 28px 0 0;
    }
    .count {
      margin-left: 8px;
      color: var(--minor);
      font-weight: 400;
    }
    .two {
      display: grid;
      grid-template-columns: minmax(0, 1fr) minmax(0, 460px);
      gap: 0 48px;
    }
    .mark {
      flex: none;
      fill: currentColor;
    }
    .mark.well,
    .standing.well {
      color: var(--well);
    }
    .mark.moving,
    .standing.moving {
      color: var(--moving);
    }
    .mark.waiting,
    .standing.waiting {
      color: var(--waiting);
    }
    .mark.bad,
    .standing.bad {
      color: var(--bad);
    }
    .mark.over,
    .standing.over {
      color: var(--minor);
    }
    .standing {
      display: inline-flex;
      align-items: center;
      gap: 6px;
      white-space: nowrap;
      font-weight: 550;
    }
    .verdict {
      padding: 16px 0 20px;
    }
    .verdict h1,
    .verdict li {
      display: flex;
      gap: 10px;
    }
    .verdict h1 .mark {
      width: 26px;
      height: 26px;
      margin-top: 3px;
    }
    .verdict h1 a {
      color: inherit;
    }
    .verdict h1 a:not(:hover) {
      text-decoration-color: var(--line);
    }
    .verdict ul {
      list-style: none;
      margin: 0;
      padding: 0 0 0 36px;
    }
    .verdict li .mark {
      margin-top: 4px;
    }
    .figures {
      display: grid;
      grid-template-columns: repeat(5, 1fr);
      gap: 12px;
      list-style: none;
      margin: 0;
      padding: 0;
    }
    .figure {
      display: block;
      height: 100%;
      padding: 12px 16px;
      background: var(--card);
      border: 1px solid var(--line);
      border-radius: 8px;
      color: inherit;
      text-decoration: none;
    }
    .figure:hover {
      border-color: var(--link);
    }
    .figure[aria-current] {
      border-color: var(--link);
      box-shadow: inset 0 -3px var(--link);
    }
    .figure .label,
    .figure .below {
      display: block;
      font-size: 13px;
      color: var(--minor);
    }
    .figure strong {
      display: block;
      font-size: 28px;
      line-height: 1.3;
      font-weight: 600;
    }
    .figure.bad strong {
      color: var(--bad);
    }
    .plots {
      display: grid;
      grid-template-columns: 1fr 1fr;
      gap: 12px;
    }
    figure {
      margin: 0;
      padding: 12px 16px;
      background: var(--card);
      border: 1px solid var(--line);
      border-radius: 8px;
    }
    figcaption {
      display: flex;
      flex-wrap: wrap;
      gap: 4px 20px;
      font-size: 13px;
      margin-bottom: 8px;
    }
    .key::before {
      content: "";
      display: inline-block;
      width: 10px;
      height: 10px;
      margin-right: 6px;
      border-radius: 2px;
      background: var(--key);
    }
    .key.done {
      --key: var(--done);
    }
    .key.failed {
      --key: var(--failed);
    }
    .key.bytes {
      --key: var(--bar);
    }
    .plot {
      position: relative;
    }
    .plot svg {
      display: block;
      width: 100%;
      height: 68px;
      border-top: 1px dashed var(--line);
    }
    .plot .most {
      position: absolute;
      top: -10px;
      right: 0;
      padding-left: 6px;
      background: var(--card);
      font-size: 12px;
      color: var(--minor);
    }
    .ground {
      fill: transparent;
    }
    g:hover .ground {
      fill: var(--line);
    }
    rect.done {
      fill: var(--done);
    }
    rect.failed {
      fill: var(--failed);
    }
    rect.bytes {
      fill: var(--bar);
    }
    .hours {
      display: grid;
      grid-template-columns: repeat(4, 1fr);
      margin-top: 4px;
      font-size: 12px;
      color: var(--minor);
    }
    .behind {
      margin-top: 8px;
      font-size: 13px;
    }
    summary {
      cursor: pointer;
      color: var(--minor);
      width: fit-content;
    }
    .filters {
      display: flex;
      flex-wrap: wrap;
      align-items: end;
      gap: 8px 12px;
      margin-bottom: 12px;
    }
    .filters label {
      display: grid;
      gap: 2px;
      font-size: 13px;
      color: var(--minor);
    }
    .filters .long {
      flex: 1 1 200px;
    }
    .clear {
      padding: 6px 4px;
    }
    input:not([type="radio"]),
    select,
    button,
    .button {
      font: inherit;
      font-size: 14px;
      min-height: 36px;
      padding: 5px 10px;
      color: var(--ink);
      background: var(--card);
      border: 1px solid light-dark(#8b949e, #6b7580);
      border-radius: 6px;
    }
    input:not([type="radio"]) {
      width: 100%;
    }
    ::placeholder {
      color: var(--minor);
      opacity: 0.75;
    }
    button,
    .button {
      border-color: light-dark(#c4cbd2, #454d56);
      display: inline-block;
      cursor: pointer;
      font-weight: 550;
      text-decoration: none;
      white-space: nowrap;
    }
    button:hover,
    .button:hover {
      border-color: var(--ink);
    }
    button.main {
      background: light-dark(#0b57c4, #2f6fd0);
      border-color: transparent;
      color: #fff;
    }
    button.danger,
    .button.danger {
      color: var(--bad);
    }
    form button.danger {
      background: light-dark(#c01c28, #b3333a);
      border-color: transparent;
      color: #fff;
    }
    button.quiet {
      min-height: 28px;
      padding: 1px 10px;
      font-size: 13px;
    }
    table {
      border-collapse: collapse;
      width: 100%;
      text-align: left;
    }
    th,
    td {
      padding: 9px 12px;
      border-bottom: 1px solid var(--line);
      vertical-align: top;
      font-weight: inherit;
    }
    thead th {
      font-size: 13px;
      color: var(--minor);
      white-space: nowrap;
    }
    .number {
      text-align: right;
    }
    .behind table,
    .fields {
      width: auto;
    }
    .behind th,
    .behind td {
      padding: 3px 16px 3px 0;
    }
    .sessions {
      background: var(--card);
      border: 1px solid var(--line);
      border-radius: 8px;
      border-spacing: 0;
      border-collapse: separate;
      font-size: 14px;
    }
    .sessions tbody tr:last-child > * {
      border-bottom: 0;
    }
    .sessions tbody tr:hover {
      background: light-dark(#f3f6fb, #20252a);
    }
    .upload a {
      font-weight: 550;
    }
    .upload {
      width: 30%;
    }
    .amount {
      min-width: 190px;
    }
    .client,
    .when {
      white-space: nowrap;
    }
    progress {
      appearance: none;
      display: block;
      width: 100%;
      height: 8px;
      margin: 7px 0 4px;
      border: 0;
      border-radius: 4px;
      overflow: hidden;
      background: var(--line);
    }
    progress::-webkit-progress-bar {
      background: var(--line);
    }
    progress::-webkit-progress-value {
      background: var(--bar);
    }
    progress::-moz-progress-bar {
      background: var(--bar);
    }
    .none {
      color: var(--minor);
      padding: 24px 0;
    }
    .pages {
      display: flex;
      gap: 16px;
      padding: 12px 0;
    }
    .asof {
      margin: 24px 0;
    }
    .back {
      margin: 8px 0 4px;
    }
    .notice {
      padding: 10px 14px;
      background: var(--card);
      border: 1px solid var(--line);
      border-left: 4px solid var(--well);
      border-radius: 6px;
    }
    .now {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 6px 16px;
    }
    .now .amount {
      flex: 1 0 100%;
      max-width: 480px;
    }
    p {
      max-width: 72ch;
    }
    .deeds {
      list-style: none;
      margin: 0;
      padding: 0;
      display: grid;
      gap: 10px;
    }
    .deeds li {
      display: grid;
      grid-template-columns: 150px 1fr;
      gap: 16px;
      align-items: center;
    }
    .deeds .button,
    .deeds button {
      width: 100%;
      text-align: center;
    }
    .deeds li > span {
      max-width: 72ch;
    }
    .timeline {
      list-style: none;
      margin: 0;
      padding: 0;
      border-left: 2px solid var(--line);
    }
    .timeline li {
      position: relative;
      display: grid;
      grid-template-columns: 190px 1fr;
      gap: 16px;
      padding: 0 0 12px 20px;
    }
    .timeline li::before {
      content: "";
      position: absolute;
      left: -6px;
      top: 7px;
      width: 10px;
      height: 10px;
      border-radius: 50%;
      background: var(--minor);
    }
    .timeline time {
      color: var(--minor);
    }
    .facts {
      margin: 0;
      padding: 4px 16px;
      background: var(--card);
      border: 1px solid var(--line);
      border-radius: 8px;
    }
    .facts div {
      display: grid;
      grid-template-columns: 150px 1fr;
      gap: 16px;
      padding: 7px 0;
    }
    .facts div + div {
      border-top: 1px solid var(--line);
    }
    dt {
      color: var(--minor);
    }
    dd {
      margin: 0;
    }
    code {
      font:
        13px ui-monospace,
        "Cascadia Mono",
        "Liberation Mono",
        monospace;
    }
    .question fieldset {
      border: 0;
      margin: 0 0 16px;
      padding: 0;
      display: grid;
      gap: 12px;
    }
    .question label {
      display: flex;
      gap: 10px;
      align-items: baseline;
    }
    .question legend {
      margin-bottom: 12px;
    }
    .choice {
      display: flex;
      align-items: center;
      gap: 20px;
    }
    @media (max-width: 900px) {
      .bar,
      main {
        padding: 0 16px;
      }
      h1 {
        font-size: 20px;
      }
      .figures {
        grid-template-columns: repeat(6, 1fr);
        gap: 8px;
      }
      .figures li {
        grid-column: span 2;
      }
      .figures li:nth-child(-n + 2) {
        grid-column: span 3;
      }
      .figure {
        padding: 10px 12px;
      }
      .figure strong {
        font-size: 22px;
      }
      .plots,
      .two {
        grid-template-columns: minmax(0, 1fr);
      }
      .plot svg {
        height: 52px;
      }
      .filters label {
        flex: 1 1 40%;
      }
      .sessions,
      .sessions tbody {
        display: block;
      }
      .sessions thead {
        position: absolute;
        clip-path: inset(50%);
      }
      .sessions tr {
        display: grid;
        grid-template-columns: 1fr auto;
        gap: 4px 12px;
        padding: 12px;
        border-bottom: 1px solid var(--line);
      }
      .sessions th,
      .sessions td {
        padding: 0;
        border: 0;
        width: auto;
        min-width: 0;
      }
      .sessions .amount,
      .sessions .answer {
        grid-column: 1 / -1;
      }
      .sessions .answer:empty {
        display: none;
      }
      .sessions .client,
      .sessions .when {
        font-size: 13px;
        color: var(--minor);
      }
      .timeline li,
      .facts div,
      .deeds li {
        grid-template-columns: 1fr;
        gap: 2px;
      }
      .deeds .button,
      .deeds button {
        width: auto;
      }
    }
    @media (prefers-reduced-motion: no-preference) {
      progress::-webkit-progress-value {
        transition: inline-size 0.4s;
      }
    }
    @media (forced-colors: active) {
      progress {
        border: 1px solid;
      }
      rect {
        forced-color-adjust: none;
      }
    }
  `,
);
