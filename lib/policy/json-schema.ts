import * as z from 'zod';
import { policySchema } from './schema.ts';

/** The policy's JSON Schema (draft 2020-12): what a user writes, with a description and examples for each key. */
export function policyJsonSchema(): object {
  return z.toJSONSchema(policySchema, {
    io: 'input',
    override({ zodSchema, jsonSchema }) {
      // zod leaves examples out where reading changes the value; ours are of what is written.
      const examples = z.globalRegistry.get(zodSchema)?.examples;
      if (examples) jsonSchema.examples = examples as typeof jsonSchema.examples;
      // Every integer of zod has this bound; it tells a reader nothing.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
}
