import { createHash } from 'node:crypto';
import type { Archive } from '../archive/archive.ts';
import type { RunArchive } from '../run/run-context.ts';
import { type Archived, readArchived } from './documents.ts';
import type { ObjectStore } from './object-store.ts';

/**
 * An archive for the calls of one lane. Rows that an earlier call archived but did not delete are not archived again:
 * where they are is answered beside the new object. What was archived is written down after the archive has it. If a
 * call is killed in between, or what it wrote cannot be read, the next one archives those rows once more.
 * @param base where in the bucket it is written down; each run has its own.
 */
export function archiveOnce(archive: Archive, store: ObjectStore, base: string): RunArchive {
  return {
    write: async (name, lines, options) => {
      // Names may be longer than keys can be.
      const place = `${base}/${createHash('sha256').update(name.join('/')).digest('hex')}-`;
      const keys = await store.list(place);
      const before = await Promise.all(keys.map((key) => store.read(key).catch(() => undefined)));
      // The lines themselves may take more memory than there is.
      const news = new Set<string>();
      for (const line of lines) news.add(digestOf(line));
      const here = before
        .flatMap((document) => readArchived(document) ?? [])
        .filter(({ digests }) => digests.some((each) => news.has(each)));
      for (const { digests } of here) for (const each of digests) news.delete(each);
      const places = here.map(({ at }) => at);
      if (news.size === 0) return places;
      const from = keys.length + 1;
      // A store that does not know If-None-Match would write over what an earlier call archived.
      const at = await archive.write(name, linesOf(news, lines), { ...options, from });
      const entry: Archived = { at, digests: [...news] };
      await store.create(`${place}${String(from).padStart(6, '0')}.json`, entry);
      return [...places, at];
    },
  };
}

function* linesOf(digests: ReadonlySet<string>, lines: Iterable<string>): Generator<string> {
  for (const line of lines) if (digests.has(digestOf(line))) yield line;
}

function digestOf(line: string): string {
  return createHash('sha256').update(line).digest('base64url').slice(0, 22);
}
