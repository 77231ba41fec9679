const HEX_32 = /^[0-9a-f]{32}$/i;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Projects and tasks have ids of 32 hexadecimal digits without dashes. */
export function isHexId(id: string): boolean {
  return HEX_32.test(id);
}

/** Instances have UUIDs with dashes. */
export function isUuid(id: string): boolean {
  return UUID.test(id);
}

/** 32 hexadecimal digits that are the same for the same name, of an account say. */
export function accountId(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(32, '0').slice(0, 32);
}
