import { getHeapStatistics } from 'node:v8';

/** Bytes of a share of the memory that this process has for objects: beyond the whole of it, it dies. */
export function shareOfMemory(share: number): number {
  return share * getHeapStatistics().heap_size_limit;
}
