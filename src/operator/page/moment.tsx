import { isoTime, timeInWords } from "./quantities.ts";

/**
 * A moment: in UTC without the script. The script makes a distance from now of it, or, where the order of moments is
 * what matters, a time of the reader's own clock.
 */
export function Moment({ at, isExact = false }: { readonly at: number; readonly isExact?: boolean }) {
  return (
    <time datetime={isoTime(at)} data-exact={isExact ? "" : undefined}>
      {timeInWords(at)}
    </time>
  );
}
