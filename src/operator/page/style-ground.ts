const css = String.raw;

/** What all pages have: colours by the reader's own setting, one column, letters. */
export const GROUND = css`
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
  .asof {
    margin: 24px 0;
  }
  .back {
    margin: 8px 0 4px;
  }
  p {
    max-width: 72ch;
  }
  code {
    font:
      13px ui-monospace,
      "Cascadia Mono",
      "Liberation Mono",
      monospace;
  }
  .behind {
    margin-top: 8px;
    font-size: 13px;
  }
  .behind th,
  .behind td {
    padding: 3px 16px 3px 0;
  }
  .behind table,
  .fields {
    width: auto;
  }
  summary {
    cursor: pointer;
    color: var(--minor);
    width: fit-content;
  }
  @media (max-width: 900px) {
    .bar,
    main {
      padding: 0 16px;
    }
    h1 {
      font-size: 20px;
    }
    section {
      margin-top: 20px;
    }
  }
`;
