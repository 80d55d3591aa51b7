const css = String.raw;

/** A session's own page, and the question before a deed. */
export const SESSION = css`
  .two {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 460px);
    gap: 0 48px;
  }
  .login {
    max-width: 420px;
    padding-top: 12vh;
  }
  .login form {
    display: grid;
    gap: 10px;
  }
  .login [role="alert"] {
    color: var(--bad);
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
    grid-template-columns: 130px 1fr;
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
    grid-template-columns: 120px 1fr;
    gap: 12px;
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
    .two {
      grid-template-columns: minmax(0, 1fr);
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
`;
