import type { Arrival, Receive, Received } from './arrival.js';
import type { Ask, Tell } from './download-worker.js';
import { HandoutError } from './errors.js';

/** The page's end of a worker: a Worker, or a test's. */
export interface WorkerPort {
  postMessage(ask: Ask): void;
  addEventListener(type: 'message', listener: (event: { readonly data: Tell }) => void): void;
}

/** An ask without the number of its download. */
type Request<A = Ask> = A extends Ask ? Omit<A, 'id'> : never;

/** Who waits for a download's answer, and what it hears meanwhile. */
interface Call {
  readonly receive: Receive | undefined;
  resolve(value: unknown): void;
  reject(error: HandoutError): void;
}

/** The worker as the page sees it: many downloads over one port. */
export class DownloadWorker {
  readonly #port: WorkerPort;
  readonly #calls = new Map<number, Call>();
  readonly #arrivals = new Map<number, WorkerArrival>();
  #last = 0;

  constructor(port: WorkerPort) {
    this.#port = port;
    port.addEventListener('message', ({ data }) => this.#hear(data));
  }

  /** Begins a download there. */
  async open(request: Omit<Ask & { op: 'open' }, 'id' | 'op'>): Promise<Arrival> {
    const id = ++this.#last;
    const arrival = new WorkerArrival({
      call: (ask, receive) => this.#call({ ...ask, id } as Ask, receive),
      stop: () => this.#port.postMessage({ id, op: 'stop' }),
      closed: () => this.#arrivals.delete(id),
    });
    this.#arrivals.set(id, arrival);
    try {
      await this.#call({ ...request, op: 'open', id });
      return arrival;
    } catch (error) {
      this.#arrivals.delete(id);
      throw error;
    }
  }

  /** Ends every call: the worker answers no more. */
  fail(error: HandoutError): void {
    for (const call of [...this.#calls.values()]) call.reject(error);
    this.#calls.clear();
  }

  #call(ask: Ask, receive?: Receive): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#calls.set(ask.id, { receive, resolve, reject });
      this.#port.postMessage(ask);
    });
  }

  #hear(told: Tell): void {
    if (told.tell === 'ready') return;
    const call = this.#calls.get(told.id);
    if (call === undefined) return;
    if (told.tell === 'running') {
      call.receive?.running();
      return;
    }
    this.#moved(told.id, told.bytes, call);
    if (told.tell === 'bytes') return;
    this.#calls.delete(told.id);
    if (told.tell === 'answer') call.resolve(told.value);
    else call.reject(new HandoutError(told.error.code, told.error.message, told.error));
  }

  #moved(id: number, bytes: number, { receive }: Call): void {
    const arrival = this.#arrivals.get(id);
    if (arrival === undefined || arrival.bytes === bytes) return;
    arrival.bytes = bytes;
    receive?.progress(bytes);
  }
}

/** What one download asks of the worker. */
interface Line {
  call(ask: Request, receive?: Receive): Promise<unknown>;
  stop(): void;
  closed(): void;
}

/** A download whose bytes never come to the page's own thread. */
class WorkerArrival implements Arrival {
  bytes = 0;
  readonly #line: Line;

  constructor(line: Line) {
    this.#line = line;
  }

  async receive(request: Receive): Promise<Received> {
    const stop = () => this.#line.stop();
    request.signal.addEventListener('abort', stop);
    try {
      return (await this.#line.call({ op: 'receive', size: request.size }, request)) as Received;
    } finally {
      request.signal.removeEventListener('abort', stop);
    }
  }

  async hash(): Promise<string> {
    return (await this.#line.call({ op: 'hash' })) as string;
  }

  async finish(name: string, type: string): Promise<File> {
    const bytes = (await this.#close({ op: 'finish', name, type })) as Blob;
    return new File([bytes], name, { type }); // not every engine passes a File on as one
  }

  async discard(): Promise<void> {
    await this.#close({ op: 'discard' });
  }

  async #close(ask: Request): Promise<unknown> {
    try {
      return await this.#line.call(ask);
    } finally {
      this.#line.closed();
    }
  }
}
