const css = String.raw;

/** The verdict, the figures, the charts. */
export const OVERVIEW = css`
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
    display: flex;
    flex-direction: column;
    margin: 0;
    padding: 12px 16px;
    background: var(--card);
    border: 1px solid var(--line);
    border-radius: 8px;
  }
  figcaption {
    flex: 1;
    align-content: start;
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
  .plot svg {
    display: block;
    width: 100%;
    height: 68px;
    border-top: 1px dashed var(--line);
  }
  .most {
    margin-left: auto;
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
  @media (max-width: 900px) {
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
      padding: 8px 12px;
    }
    .figure strong {
      font-size: 22px;
    }
    .plots {
      gap: 8px;
    }
    figure {
      padding: 8px 12px;
    }
    .plot svg {
      height: 48px;
    }
    .most {
      margin-left: 0;
    }
    .hours time:nth-child(even) {
      visibility: hidden;
    }
  }
  @media (forced-colors: active) {
    rect {
      forced-color-adjust: none;
    }
  }
`;
