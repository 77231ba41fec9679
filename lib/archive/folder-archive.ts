import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Archive, ArchiveError, compress } from './archive.ts';

/** Files of one name: a run needs one or two, so beyond so many something else is wrong. */
const MAX_FILES = 1_000;

/**
 * An archive in a folder, which is made if it is missing. Only its owner may read the files. Each is
 * flushed to the disk and renamed once it is whole, so that no half file has the name.
 */
export function folderArchive(folder: string): Archive {
  /** Folders in which this archive has made others. */
  const grown = new Set<string>();
  return {
    write: async (name, lines, { from = 1 } = {}) => {
      const base = join(folder, ...name);
      try {
        await makeFolder(dirname(base), grown);
        const { file, partial, handle } = await reserve(base, from);
        try {
          const stream = handle.createWriteStream({ flush: true });
          await compress(lines, (bytes) => pipeline(bytes, stream));
          await rename(partial, file);
        } catch (error) {
          await rm(partial, { force: true });
          throw error;
        }
        // Other runs may have made those of the same day only just now.
        const own = name.map((_, depth) => join(folder, ...name.slice(0, depth)));
        for (const each of new Set([...own, ...grown].map((path) => resolve(path)))) {
          await flushFolder(each);
        }
        return file;
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        const reason = code === undefined ? message : (REASON[code] ?? `${message}; ${ADVICE}`);
        throw new ArchiveError(code ?? 'archive', `archive ${folder}: ${reason}`, error);
      }
    },
  };
}

const ADVICE = 'mend that, or name another folder under archive';
const REASON: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; make room, or name another folder under archive',
  EDQUOT: 'the quota of the disk is used up; raise it, or name another folder under archive',
  EFBIG:
    'a file may not grow as large there (see ulimit -f); raise that, or name another folder under archive',
  EACCES: 'no permission to write there; grant it, or name another folder under archive',
  EPERM: 'no permission to write there; grant it, or name another folder under archive',
  EROFS: 'its file system is read-only; name another folder under archive',
  ENOENT:
    'its folder cannot be made: the one above it is gone, or takes none; name another folder under archive',
  ENOTDIR: 'a part of its path is a file; name another folder under archive',
  EEXIST: 'a part of its path is a file; name another folder under archive',
  ELOOP: `a part of its path is a link that leads in a circle; ${ADVICE}`,
  ENAMETOOLONG:
    'a part of its path is too long (each letter that is not ASCII takes 6 or more there); give the target a shorter name, or archive to S3',
};

/**
 * Makes a folder, and those above it that are missing. (Node's own way never ends where the folder above is there, and
 * takes none all the same.)
 * @param grown receives each folder in which one was made.
 */
async function makeFolder(path: string, grown: Set<string>): Promise<void> {
  const above = dirname(path);
  try {
    await makeOne(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === path) throw error;
    await makeFolder(above, grown);
    await makeOne(path);
  }

  async function makeOne(one: string): Promise<void> {
    try {
      await mkdir(one, { mode: 0o700 });
      grown.add(above);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * Finds the first number from one on that is free. Whoever holds the partial file of a number, and finds no file of that
 * number, is the only one who may rename to it: so nothing is written over, whoever else archives there.
 */
async function reserve(
  base: string,
  from: number,
): Promise<{ file: string; partial: string; handle: FileHandle }> {
  for (let number = from; number < from + MAX_FILES; number += 1) {
    const file = `${base}-${number}.jsonl.gz`;
    const partial = `${file}.partial`;
    const handle = await open(partial, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return undefined;
      throw error;
    });
    if (!handle) continue;
    if (!(await exists(file))) return { file, partial, handle };
    await handle.close();
    await rm(partial, { force: true });
  }
  throw new Error(`${base} has ${MAX_FILES} files already; name another folder under archive`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/**
 * A new name is on the disk once its folder is. (Windows cannot flush a folder, and nobody can flush one that may be
 * written to but not read.)
 */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EACCES') return undefined;
    throw error;
  });
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}
