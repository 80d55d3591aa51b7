/** What the settings say of where objects are; `Config` has it. */
interface Placement {
  readonly jurisdiction: DurableObjectJurisdiction | null;
  readonly locationHint: DurableObjectLocationHint | null;
}

/**
 * The object of a name. No other code asks a namespace for one, so none is made outside of the jurisdiction.
 *
 * An object in a jurisdiction is another object than that of the same name outside of it (Durable Objects, "Data
 * location"). A hint counts when an object is made, and is no promise.
 */
export function objectOf<T extends Rpc.DurableObjectBranded | undefined>(
  namespace: DurableObjectNamespace<T>,
  name: string,
  { jurisdiction, locationHint }: Placement,
): DurableObjectStub<T> {
  const allowed = jurisdiction === null ? namespace : namespace.jurisdiction(jurisdiction);
  return allowed.getByName(name, locationHint === null ? {} : { locationHint });
}

/** Where the objects are that one of them knows of: in its own jurisdiction. For one that has no configuration at hand. */
export function besides({ jurisdiction }: DurableObjectId): Placement {
  // The runtime takes no other names than those of its types.
  return {
    jurisdiction: (jurisdiction as DurableObjectJurisdiction | undefined) ?? null,
    locationHint: null,
  };
}
