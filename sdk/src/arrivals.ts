import { type Arrival, type Receive, type Received, ThreadArrival } from './arrival.js';
import { folderFor, type HeldFolder, markFolder } from './download-folder.js';
import type { OpenArrival } from './download-run.js';
import type { Api } from './http.js';
import { BlobSink, sinkIn } from './sink.js';
import { downloadWorker } from './worker-start.js';

/** A file of this size stays in memory: neither a thread nor a file of the disk is worth its while. */
const SMALL_BYTES = 1 << 20;

/**
 * Downloads large files in a thread of their own where the page can have one, in the
 * page's own thread where not, and to the disk where the browser lets us.
 */
export function arrivalsFrom(api: Pick<Api, 'content' | 'origin' | 'token'>): OpenArrival {
  return async ({ share, size, folder: name, saves }) => {
    if (size !== undefined && size <= SMALL_BYTES) return ThreadArrival.open(api, share, new BlobSink(size));
    const { origin, token } = api;
    const [folder, worker] = await Promise.all([folderFor(size ?? 0, name), downloadWorker(origin)]);
    if (folder !== undefined) await markFolder(folder.name, saves() ? 'save' : 'get');
    try {
      const arrival =
        worker === undefined
          ? await ThreadArrival.open(api, share, await sinkIn(folder?.handle))
          : await worker.open({ origin, token, share, size, folder: folder?.name });
      return folder === undefined ? arrival : new HeldArrival(arrival, folder);
    } catch (error) {
      await folder?.leave(true);
      throw error;
    }
  };
}

/** An arrival with the folder that it lies in. Once it is finished, the page holds that to its end. */
class HeldArrival implements Arrival {
  readonly #arrival: Arrival;
  readonly #folder: HeldFolder;

  constructor(arrival: Arrival, folder: HeldFolder) {
    this.#arrival = arrival;
    this.#folder = folder;
  }

  get bytes(): number {
    return this.#arrival.bytes;
  }

  receive(request: Receive): Promise<Received> {
    return this.#arrival.receive(request);
  }

  hash(): Promise<string> {
    return this.#arrival.hash();
  }

  finish(name: string, type: string): Promise<File> {
    return this.#arrival.finish(name, type);
  }

  async discard(keep: boolean): Promise<void> {
    await this.#arrival.discard(keep).finally(() => this.#folder.leave(keep));
  }
}
