const css = String.raw;

/** The filters and the list; on a phone a row is a card. */
export const LIST = css`
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
  ::placeholder {
    color: var(--minor);
    opacity: 0.75;
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
  @media (max-width: 900px) {
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
    .sessions .state,
    .sessions .when {
      justify-self: end;
      text-align: right;
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
  }
`;
