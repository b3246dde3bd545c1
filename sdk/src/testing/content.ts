import { HandoutError } from '../errors.js';
import { asNetworkError } from '../http.js';
import type { Sink } from '../sink.js';

/** One request for bytes, whose body the test writes. */
export interface Served {
  readonly share: string;
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
  /** Answers with these headers and status; the body follows. */
  reply(status?: number, headers?: Record<string, string>): void;
  refuse(code: string): void;
  push(text: string): void;
  end(): void;
  /** The connection breaks. */
  cut(): void;
}

/** The bytes of shares, as the test serves them. */
export class FakeContent {
  readonly served: Served[] = [];
  /** Whether bodies can be read into the reader's own buffer. */
  byob = true;

  readonly content = (share: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> =>
    new Promise((resolve, reject) => {
      let body!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | ReadableByteStreamController;
      const start = (controller: typeof body) => {
        body = controller;
      };
      const stream = this.byob ? new ReadableStream({ type: 'bytes', start }) : new ReadableStream({ start });
      // Before the reply it is the request that fails, after it the body.
      const cut = (error: Error) => {
        reject(asNetworkError(error));
        body.error(error);
      };
      signal.addEventListener('abort', () => cut(new DOMException('aborted', 'AbortError')));
      this.served.push({
        share,
        headers,
        signal,
        reply: (status = 200, more = {}) => resolve(new Response(stream, { status, headers: more })),
        refuse: (code) => reject(new HandoutError(code, code)),
        push: (text) => body.enqueue(new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>),
        end: () => {
          body.close();
          if ('byobRequest' in body) body.byobRequest?.respond(0); // a read that waits ends only so
        },
        cut: () => cut(new TypeError('network error')),
      });
    });

  /** Request number n, from 1. */
  at(n: number): Served {
    const served = this.served[n - 1];
    if (served === undefined) throw new Error(`there is no request ${n}`);
    return served;
  }
}

/** A sink in memory. */
export class FakeSink implements Sink {
  text: string;
  state: 'open' | 'finished' | 'discarded' = 'open';
  /** Thrown by the next write. */
  fault: HandoutError | undefined;

  /** With what a page before has written. */
  constructor(kept = '') {
    this.text = kept;
  }

  async *kept(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield new TextEncoder().encode(this.text) as Uint8Array<ArrayBuffer>;
  }
  async write(piece: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.fault !== undefined) throw this.fault;
    this.text += new TextDecoder().decode(piece);
  }
  async restart(): Promise<void> {
    this.text = '';
  }
  async finish(name: string, type: string): Promise<File> {
    this.state = 'finished';
    return new File([this.text], name, { type });
  }
  async discard(): Promise<void> {
    this.state = 'discarded';
  }
}
