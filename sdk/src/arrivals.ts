import { ThreadArrival } from './arrival.js';
import type { OpenArrival } from './download-run.js';
import type { Api } from './http.js';
import { folderFor } from './page-folder.js';
import { BlobSink, sinkIn } from './sink.js';
import { downloadWorker } from './worker-start.js';

/** A file of this size stays in memory: neither a thread nor a file of the disk is worth its while. */
const SMALL_BYTES = 1 << 20;

/**
 * Downloads large files in a thread of their own where the page can have one, in the
 * page's own thread where not, and to the disk where the browser lets us.
 */
export function arrivalsFrom(api: Pick<Api, 'content' | 'origin' | 'token'>): OpenArrival {
  return async (share, size) => {
    if (size !== undefined && size <= SMALL_BYTES) return ThreadArrival.open(api, share, new BlobSink(size));
    const { origin, token } = api;
    const [folder, worker] = await Promise.all([folderFor(size ?? 0), downloadWorker(origin)]);
    if (worker !== undefined) return worker.open({ origin, token, share, size, folder: folder?.name });
    return ThreadArrival.open(api, share, await sinkIn(folder));
  };
}
