const spellings = new WeakMap<Response, readonly string[]>();

/**
 * Says how the names of a response's headers are spelt on the wire, and in what order. `Headers` lower-cases
 * and sorts them; HTTP does not care, but Acks then look as IIS's do, in captures and in old logs.
 */
export function spell(response: Response, names: readonly string[]): void {
  spellings.set(response, names);
}

/** `fields` of `response` in its own spelling and order; those that have none keep theirs, at the end. */
export function respell(
  response: Response,
  fields: readonly (readonly [name: string, value: string])[],
): (readonly [name: string, value: string])[] {
  const names = spellings.get(response);
  if (names === undefined) return [...fields];
  const places = new Map(names.map((name, place) => [name.toLowerCase(), place]));
  const placeOf = (name: string) => places.get(name) ?? names.length;
  return fields
    .toSorted(([one], [other]) => placeOf(one) - placeOf(other))
    .map(([name, value]) => [names[placeOf(name)] ?? name, value]);
}
