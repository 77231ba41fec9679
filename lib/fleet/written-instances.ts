import { instanceKey } from '../model/instance.ts';
import type { KnownInstance } from './known.ts';

/** The ids of an instance that only another list can tell about. */
interface Ids {
  readonly unclear: ReadonlySet<string>;
  readonly saidGone: ReadonlySet<string>;
}

/**
 * An instance, as an entry of a lane's log has it: whole; or, with `dropped`, with only those ids that are new since the
 * entry before. Each turn writes an entry, so the log would grow with the square of the ids otherwise.
 */
export interface WrittenInstance extends KnownInstance {
  /** Ids of the entry before that are open no more, or are among the new ones. */
  readonly dropped?: readonly string[] | undefined;
}

/** What was written of the instances of a lane, to tell what is new. */
export class WrittenInstances {
  readonly #ids = new Map<string, Ids>();

  /** An instance as an entry is to have it, whether it is whole there or not. */
  whole(known: KnownInstance): WrittenInstance {
    this.#ids.set(keyOf(known), idsOf(known));
    return known;
  }

  /** The same with what is new since it was written last; whole where it never was. */
  changed(known: KnownInstance): WrittenInstance {
    const before = this.#ids.get(keyOf(known));
    this.whole(known);
    if (!before) return known;
    const now = this.#ids.get(keyOf(known)) as Ids;
    return {
      ...known,
      unclear: known.unclear.filter((id) => !before.unclear.has(id)),
      saidGone: known.saidGone.filter((id) => !before.saidGone.has(id)),
      dropped: [
        ...[...before.unclear].filter((id) => !now.unclear.has(id)),
        ...[...before.saidGone].filter((id) => !now.saidGone.has(id)),
      ],
    };
  }
}

/** Reads the instances of a lane from the entries of its log, which are given in their order. */
export function readInstances(
  written: Iterable<WrittenInstance>,
): ReadonlyMap<string, KnownInstance> {
  const latest = new Map<
    string,
    { known: KnownInstance; unclear: Set<string>; saidGone: Set<string> }
  >();
  for (const { dropped, ...known } of written) {
    const before = dropped && latest.get(keyOf(known));
    const { unclear, saidGone } = before ?? {
      unclear: new Set<string>(),
      saidGone: new Set<string>(),
    };
    for (const id of dropped ?? []) {
      unclear.delete(id);
      saidGone.delete(id);
    }
    for (const id of known.unclear) unclear.add(id);
    for (const id of known.saidGone) saidGone.add(id);
    latest.set(keyOf(known), { known, unclear, saidGone });
  }
  const instances = [...latest].map(([key, { known, unclear, saidGone }]) => {
    const instance: KnownInstance = { ...known, unclear: [...unclear], saidGone: [...saidGone] };
    return [key, instance] as const;
  });
  return new Map(instances);
}

function keyOf({ target, summary }: KnownInstance): string {
  return instanceKey(target, summary);
}

function idsOf({ unclear, saidGone }: KnownInstance): Ids {
  return { unclear: new Set(unclear), saidGone: new Set(saidGone) };
}
