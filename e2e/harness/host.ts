import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves one page from an origin of its own. */
export async function serve(body: string, headers: Record<string, string> = {}) {
  const host = createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', ...headers });
    response.end(`<!doctype html><meta charset="utf-8"><title>An application</title>${body}`);
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    host.closeAllConnections();
    await new Promise((resolve) => host.close(resolve));
  };
  return { url: `http://127.0.0.1:${(host.address() as AddressInfo).port}/`, close };
}
