import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on the loopback address. */
export interface Served {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly url: string;
  /** Stops listening, and cuts every connection. */
  close(): Promise<void>;
}

/** Serves on a free port. */
export async function serve(listener: http.RequestListener): Promise<Served> {
  const server = http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
