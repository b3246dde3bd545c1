import { type Tell, WORKER_NAME } from './download-worker.js';
import { HandoutError } from './errors.js';
import { script } from './loaded-from.js';
import { version } from './version.js';
import { DownloadWorker } from './worker-arrival.js';

/** A worker that has not begun by then serves nobody. */
const START_MS = 5_000;

let started: Promise<DownloadWorker | undefined> | undefined;

/** The page's one worker; undefined where there can be none, as under some pages' content security policy. */
export function downloadWorker(origin: string): Promise<DownloadWorker | undefined> {
  started ??= start(origin);
  return started;
}

/**
 * The SDK's file for the worker: the one that the page has loaded. A page that has the SDK in
 * a bundle of its own takes that of the server, if it comes from there too: it runs no other origin's code.
 */
export function workerScript(loaded: string | undefined, origin: string, page: string): string | undefined {
  if (loaded !== undefined && /\/(handout|EnxRtc)\.js$/.test(new URL(loaded).pathname)) return loaded;
  return origin === page ? `${origin}/sdk/handout.js` : undefined;
}

async function start(origin: string): Promise<DownloadWorker | undefined> {
  if (typeof Worker === 'undefined' || typeof location === 'undefined') return undefined;
  const url = workerScript(script, origin, location.origin);
  if (url === undefined || pinned(url)) return undefined;
  const worker = await begin(url).catch(() => undefined);
  if (worker === undefined) return undefined;
  const downloads = new DownloadWorker(worker);
  worker.addEventListener('error', () => downloads.fail(new HandoutError('internal', 'the downloading thread failed')));
  return downloads;
}

/** Whether the page runs the file only as the bytes that it knows: what a worker loads it cannot check. */
function pinned(url: string): boolean {
  return [...document.scripts].some(
    ({ src, type, text, integrity }) =>
      (src === url && integrity !== '') || (type === 'importmap' && text.includes('"integrity"')),
  );
}

/** Resolves when the worker says that it is of this version. */
function begin(url: string): Promise<Worker> {
  return new Promise((resolve, reject) => {
    const worker = make(url);
    const give = (up: unknown) => {
      clearTimeout(timer);
      worker.terminate();
      reject(up);
    };
    const timer = setTimeout(give, START_MS);
    worker.addEventListener('error', give, { once: true });
    worker.addEventListener(
      'message',
      ({ data }: MessageEvent<Tell>) => {
        if (data.tell !== 'ready' || data.version !== version) return give(data);
        clearTimeout(timer);
        worker.removeEventListener('error', give);
        resolve(worker);
      },
      { once: true },
    );
  });
}

/** Another origin's file cannot be a worker, but a worker of ours can load it. */
function make(url: string): Worker {
  const module = new URL(url).pathname.endsWith('/handout.js');
  const options: WorkerOptions = { name: WORKER_NAME, type: module ? 'module' : 'classic' };
  if (new URL(url).origin === location.origin) return new Worker(url, options);
  const text = module ? `import ${JSON.stringify(url)}` : `importScripts(${JSON.stringify(url)})`;
  const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  try {
    return new Worker(address, options);
  } finally {
    URL.revokeObjectURL(address); // it is loading already
  }
}
