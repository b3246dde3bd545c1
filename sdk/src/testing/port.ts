import type { Ask, Port, Tell } from '../download-worker.js';
import type { WorkerPort } from '../worker-arrival.js';

/** The two ends of a worker in one thread. What is sent is copied, as between threads, and comes a moment later. */
export class FakeWorker {
  readonly #toPage: ((event: { data: Tell }) => void)[] = [];
  readonly #toWorker: ((event: { data: Ask }) => void)[] = [];
  readonly told: Tell[] = [];

  readonly page: WorkerPort = {
    postMessage: (ask) => send(ask, this.#toWorker),
    addEventListener: (_, listener) => this.#toPage.push(listener),
  };

  readonly worker: Port = {
    postMessage: (tell) => {
      this.told.push(tell);
      send(tell, this.#toPage);
    },
    addEventListener: (_, listener) => this.#toWorker.push(listener),
  };
}

function send<T>(message: T, listeners: readonly ((event: { data: T }) => void)[]): void {
  const data = structuredClone(message);
  queueMicrotask(() => {
    for (const listener of listeners) listener({ data });
  });
}
