const css = String.raw;

/** Buttons, fields and marks. */
export const CONTROLS = css`
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
  button,
  .button {
    border-color: light-dark(#c4cbd2, #454d56);
    display: inline-grid;
    place-items: center;
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
`;
