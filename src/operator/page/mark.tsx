import { STATES, type State, type Tone } from "./state-words.ts";

/** A shape for each tone, so that no colour says anything alone; 16 by 16. */
const SHAPES: Readonly<Record<Tone, string>> = {
  well: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.6 5.2-4.2 4.9-2.9-2.7 1-1.1 1.8 1.7 3.1-3.7Z",
  moving: "M8.8 2v8.2l3-3 1.1 1.1L8 13.2 3.100 8.300l1.100-1.100 3 3V2Z",
  waiting: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm.8 3v3.7l2.600 1.600-.800 1.300L7.200 8.500V4Z",
  bad: "M8 1.200 15.500 14.500H.500Zm-.8 4.900v4.200h1.600V6.100Zm0 5.400v1.600h1.600v-1.600Z",
  over: "M3 7.200h10v1.600H3Z",
};

/** The shapes, once a page; `Mark` points at them. */
export function Marks() {
  return (
    <svg class="shapes" width="0" height="0" aria-hidden="true">
      {Object.entries(SHAPES).map(([tone, path]) => (
        <symbol id={`mark-${tone}`} viewBox="0 0 16 16">
          <path d={path} fill-rule="evenodd" />
        </symbol>
      ))}
    </svg>
  );
}

/** A shape in its colour. What it says stands beside it in words. */
export function Mark({ tone }: { readonly tone: Tone }) {
  return (
    <svg class={`mark ${tone}`} width="16" height="16" aria-hidden="true">
      <use href={`#mark-${tone}`} />
    </svg>
  );
}

/** Where a session stands, in a word with its mark. */
export function Standing({ state }: { readonly state: State }) {
  const { name, tone } = STATES[state];
  return (
    <span class={`standing ${tone}`}>
      <Mark tone={tone} />
      {name}
    </span>
  );
}
