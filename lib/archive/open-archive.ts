import type { ArchivePlace } from '../policy/archive-place.ts';
import type { Archive } from './archive.ts';
import { folderArchive } from './folder-archive.ts';
import { s3Archive } from './s3-archive.ts';

/** The archive at a place. Nothing is sent or written yet. */
export function openArchive(place: ArchivePlace): Archive {
  return 'bucket' in place ? s3Archive(place.bucket, place.prefix) : folderArchive(place.folder);
}
