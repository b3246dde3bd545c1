/**
 * The thread that downloads: it fetches, hashes and writes, so that the page has its
 * own thread for itself. It runs the SDK's own file; this module, where it finds itself
 * in a worker of that name, serves. The page's side is worker-arrival.ts.
 */
import { type Arrival, ThreadArrival } from './arrival.js';
import { asHandoutError, HandoutError } from './errors.js';
import { Api } from './http.js';
import { BlobSink } from './sink.js';
import { SyncSink } from './sync-sink.js';
import { version } from './version.js';

/** What a worker of ours is called: a page may load the SDK in a worker of its own. */
export const WORKER_NAME = 'handout-downloads';

/** What the page asks. One download is asked one thing at a time, but that it stops. */
export type Ask = { readonly id: number } & (
  | {
      readonly op: 'open';
      readonly origin: string;
      readonly token: string;
      readonly share: string;
      readonly size: number | undefined;
      /** The download's folder in the origin private file system. */
      readonly folder: string | undefined;
    }
  | { readonly op: 'receive'; readonly size: number | undefined }
  | { readonly op: 'stop' }
  | { readonly op: 'hash' }
  | { readonly op: 'finish'; readonly name: string; readonly type: string }
  | { readonly op: 'discard' }
);

/** What the worker tells. Each ask but `stop` gets one `answer` or `error`. */
export type Tell =
  | { readonly tell: 'ready'; readonly version: string }
  | { readonly tell: 'running'; readonly id: number }
  | { readonly tell: 'bytes'; readonly id: number; readonly bytes: number }
  | { readonly tell: 'answer'; readonly id: number; readonly bytes: number; readonly value: unknown }
  | { readonly tell: 'error'; readonly id: number; readonly bytes: number; readonly error: ErrorRecord };

/** An error between threads. */
export interface ErrorRecord {
  readonly code: string;
  readonly message: string;
  readonly status: number | undefined;
  readonly detail: string | undefined;
}

/** The worker's own end, or a test's. */
export interface Port {
  postMessage(told: Tell): void;
  addEventListener(type: 'message', listener: (event: { readonly data: Ask }) => void): void;
}

/** Progress is told at most so often. */
const TELL_MS = 50;

/** How a download begins here. */
type OpenHere = (ask: Ask & { op: 'open' }) => Promise<Arrival>;

/** Serves the page that has made the worker. */
export function serveDownloads(port: Port, open: OpenHere = openHere): void {
  const host = new Host(port, open);
  port.addEventListener('message', ({ data }) => host.hear(data));
  port.postMessage({ tell: 'ready', version });
}

class Host {
  readonly #port: Port;
  readonly #open: OpenHere;
  readonly #arrivals = new Map<number, Arrival>();
  readonly #running = new Map<number, AbortController>();

  constructor(port: Port, open: OpenHere) {
    this.#port = port;
    this.#open = open;
  }

  hear(ask: Ask): void {
    if (ask.op === 'stop') this.#running.get(ask.id)?.abort();
    else void this.#answer(ask);
  }

  async #answer(ask: Ask): Promise<void> {
    const { id } = ask;
    const bytes = () => this.#arrivals.get(id)?.bytes ?? 0;
    try {
      const value = await this.#do(ask);
      this.#port.postMessage({ tell: 'answer', id, bytes: bytes(), value });
    } catch (cause) {
      const { code, message, status, detail } = asHandoutError(cause);
      this.#port.postMessage({ tell: 'error', id, bytes: bytes(), error: { code, message, status, detail } });
    }
    if (ask.op === 'finish' || ask.op === 'discard') this.#arrivals.delete(id);
  }

  async #do(ask: Ask): Promise<unknown> {
    if (ask.op === 'open') {
      this.#arrivals.set(ask.id, await this.#open(ask));
      return undefined;
    }
    const arrival = this.#arrivals.get(ask.id);
    if (arrival === undefined) throw new HandoutError('internal', 'there is no such download');
    switch (ask.op) {
      case 'receive':
        return this.#receive(ask.id, arrival, ask.size);
      case 'hash':
        return arrival.hash();
      case 'finish':
        return arrival.finish(ask.name, ask.type);
      default:
        return arrival.discard(true); // the folder is the page's
    }
  }

  async #receive(id: number, arrival: Arrival, size: number | undefined): Promise<unknown> {
    const abort = new AbortController();
    let toldAt = Number.NEGATIVE_INFINITY;
    this.#running.set(id, abort);
    try {
      return await arrival.receive({
        size,
        signal: abort.signal,
        running: () => this.#port.postMessage({ tell: 'running', id }),
        progress: (bytes) => {
          const now = performance.now();
          if (now < toldAt + TELL_MS) return;
          toldAt = now;
          this.#port.postMessage({ tell: 'bytes', id, bytes });
        },
      });
    } finally {
      this.#running.delete(id);
    }
  }
}

const openHere: OpenHere = async ({ origin, token, share, size, folder }) => {
  const api = new Api({ origin, token, room: '' }); // a share's bytes have an address without the room
  // What the browser does not let us write to the disk it keeps itself.
  const sink = folder === undefined ? undefined : await SyncSink.create(folder, size ?? 0).catch(() => undefined);
  return ThreadArrival.open(api, share, sink ?? new BlobSink());
};

const scope = globalThis as { readonly name?: unknown; readonly document?: unknown };
if (scope.name === WORKER_NAME && scope.document === undefined) serveDownloads(globalThis as unknown as Port);
