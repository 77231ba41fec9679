import { createHash } from 'node:crypto';
import type { Archive } from '../archive/archive.ts';
import type { ObjectStore } from './object-store.ts';

/** The lines that one object of the archive holds. */
interface Archived {
  /** Where the object is. */
  readonly at: string;
  /** A digest of each line, since the lines themselves may be many. */
  readonly digests: readonly string[];
}

/**
 * An archive for the calls of one lane. Rows that an earlier call archived but did not delete are not archived again.
 * What was archived is written down after the archive has it. If a call is killed in between, the next one archives
 * those rows once more.
 * @param base where in the bucket it is written down; each run has its own.
 */
export function archiveOnce(archive: Archive, store: ObjectStore, base: string): Archive {
  return {
    write: async (name, lines, options) => {
      // Names may be longer than keys can be.
      const place = `${base}/${createHash('sha256').update(name.join('/')).digest('hex')}-`;
      const keys = await store.list(place);
      const before = (await Promise.all(keys.map((key) => store.read(key)))) as Archived[];
      const known = new Set(before.flatMap(({ digests }) => digests));
      const news = new Map<string, string>();
      for (const line of lines) {
        const digest = createHash('sha256').update(line).digest('base64url').slice(0, 22);
        if (!known.has(digest)) news.set(digest, line);
      }
      const last = before.at(-1);
      if (news.size === 0 && last) return last.at;
      const from = keys.length + 1;
      // A store that does not know If-None-Match would write over what an earlier call archived.
      const at = await archive.write(name, news.values(), { ...options, from });
      const entry: Archived = { at, digests: [...news.keys()] };
      await store.create(`${place}${String(from).padStart(6, '0')}.json`, entry);
      return at;
    },
  };
}
