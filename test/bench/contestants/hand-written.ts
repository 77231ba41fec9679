import fetch from 'node-fetch';
import type { Clean } from '../contestant.ts';
import { expiredUrls } from './script.ts';
import { signedHeadersOf } from './signing.ts';

/** As most would write it: no agent, everything at once, no second attempt. */
export const clean: Clean = async (request) => {
  const urls = await expiredUrls(request, async (url) => {
    const response = await fetch(url, { headers: signedHeadersOf('GET', url) });
    return await response.json();
  });
  const deletingSince = performance.now();
  const results = await Promise.all(
    urls.map(async (url) => {
      try {
        const headers = signedHeadersOf('DELETE', url);
        return (await fetch(url, { method: 'DELETE', headers })).ok;
      } catch {
        return false;
      }
    }),
  );
  const deleted = results.filter(Boolean).length;
  return { deleted, failed: urls.length - deleted, deletingSince };
};
