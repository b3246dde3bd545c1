import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as tus from 'tus-js-client';
import type { Sample } from '../harness/files.js';
import { expect, test } from '../harness/test.js';

// The public client, from npm, as it is: no SDK of ours.

interface Outcome {
  url: string;
  requests: string[];
}

/** Uploads with tus-js-client and resolves with the address and the requests that were made. */
function upload(origin: string, token: string, input: Buffer, options: Partial<tus.UploadOptions>): Promise<Outcome> {
  const requests: string[] = [];
  return new Promise((resolve, reject) => {
    const job = new tus.Upload(input, {
      endpoint: `${origin}/uploads`,
      headers: { Authorization: `Bearer ${token}` },
      retryDelays: [0, 100, 200, 400, 800, 1600],
      onBeforeRequest: (request) => {
        requests.push(`${request.getMethod()} ${request.getHeader('Upload-Offset') ?? ''}`.trim());
      },
      onSuccess: () => resolve({ url: job.url ?? '', requests }),
      onError: reject,
      ...options,
    });
    job.start();
  });
}

async function content(origin: string, token: string, uploadUrl: string): Promise<string> {
  const id = uploadUrl.split('/').at(-1);
  const response = await fetch(`${origin}/v1/shares/${id}/content`, { headers: { Authorization: `Bearer ${token}` } });
  expect(response.status).toBe(200);
  return createHash('sha256')
    .update(Buffer.from(await response.arrayBuffer()))
    .digest('hex');
}

const metadata = (sample: Sample) => ({ filename: sample.name, filetype: 'application/octet-stream' });

test('tus-js-client uploads whole, in chunks, with the data at creation, and of unknown length', async ({
  backEnd,
  handout,
  samples,
}) => {
  const token = await backEnd.token('Ana');
  const sample = await samples.file('tus.bin', 3_000_000);
  const data = await readFile(sample.path);
  const ways: [string, Partial<tus.UploadOptions>, number][] = [
    ['whole', {}, 2],
    ['in chunks', { chunkSize: 700_000 }, 6],
    ['with the data at creation', { uploadDataDuringCreation: true }, 1],
    ['both', { uploadDataDuringCreation: true, chunkSize: 1_000_000 }, 3],
  ];
  for (const [name, options, requests] of ways) {
    const outcome = await upload(handout.origin, token, data, { ...options, metadata: metadata(sample) });
    expect(outcome.requests, name).toHaveLength(requests);
    expect(await content(handout.origin, token, outcome.url), name).toBe(sample.sha256);
  }
  // From a buffer: this client does not end the last chunk of a Node stream.
  const deferred = await upload(handout.origin, token, data, {
    uploadLengthDeferred: true,
    chunkSize: 700_000,
    metadata: metadata(sample),
  });
  expect(await content(handout.origin, token, deferred.url)).toBe(sample.sha256);
});

test('tus-js-client goes on after the network was lost, and by a new client after an abort', async ({
  backEnd,
  handout,
  network,
  samples,
}) => {
  const token = await backEnd.token('Ana');
  const sample = await samples.file('tus.bin', 6_000_000);
  const data = await readFile(sample.path);
  network.bytesPerSecond = 3_000_000;
  let cut = false;
  const outcome = await upload(network.origin, token, data, {
    metadata: metadata(sample),
    onProgress: (sent) => {
      if (cut || sent < 2_000_000) return;
      cut = true;
      network.cut();
      network.mend();
    },
  });
  expect(outcome.requests.filter((request) => request.startsWith('POST'))).toHaveLength(1);
  expect(outcome.requests.filter((request) => request.startsWith('HEAD')).length).toBeGreaterThan(0);
  expect(await content(handout.origin, token, outcome.url)).toBe(sample.sha256);

  const aborted = await new Promise<string>((resolve, reject) => {
    const job = new tus.Upload(data, {
      endpoint: `${network.origin}/uploads`,
      headers: { Authorization: `Bearer ${token}` },
      metadata: metadata(sample),
      onError: reject,
      onProgress: (sent) => {
        if (sent > 1_500_000) void job.abort().then(() => resolve(job.url ?? ''), reject);
      },
    });
    job.start();
  });
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  const resumed = await upload(network.origin, token, data, { uploadUrl: aborted });
  expect(resumed.requests[0]).toBe('HEAD');
  expect(Number(resumed.requests[1]?.split(' ')[1])).toBeGreaterThan(0);
  expect(await content(handout.origin, token, resumed.url)).toBe(sample.sha256);
});

test('tus-js-client sends a file in parallel parts, also over a network that is lost', async ({
  backEnd,
  handout,
  network,
  samples,
}) => {
  const token = await backEnd.token('Ana');
  const sample = await samples.file('tus.bin', 9_000_000);
  const data = await readFile(sample.path);
  network.bytesPerSecond = 3_000_000;
  let acknowledged = 0;
  const outcome = await upload(network.origin, token, data, {
    parallelUploads: 3,
    chunkSize: 1_000_000,
    metadata: metadata(sample),
    // Of nine chunks: parts are left to send, so it is not the last request that is lost, which
    // this client does not make again. Its progress would not do: it counts what waits to be sent.
    onChunkComplete: () => {
      acknowledged += 1;
      if (acknowledged !== 4) return;
      network.cut();
      network.mend();
    },
  });
  expect(outcome.requests.filter((request) => request.startsWith('HEAD')).length).toBeGreaterThan(0);
  expect(outcome.requests.filter((request) => request === 'POST')).toHaveLength(4); // three parts and the whole
  expect(await content(handout.origin, token, outcome.url)).toBe(sample.sha256);
  const list = await fetch(`${handout.origin}/v1/rooms/${backEnd.room}/shares`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  const { shares } = (await list.json()) as { shares: { name: string; state: string; sha256: string }[] };
  expect(shares.map(({ name, state, sha256 }) => ({ name, state, sha256 }))).toEqual([
    { name: sample.name, state: 'available', sha256: sample.sha256 },
  ]);
});

test('tus-js-client terminates, and is told why it may not upload', async ({ backEnd, handout, samples }) => {
  const token = await backEnd.token('Ana');
  const viewer = await backEnd.token('Vic', 'viewer');
  const sample = await samples.file('tus.bin', 100_000);
  const data = await readFile(sample.path);
  const { url } = await upload(handout.origin, token, data, { metadata: metadata(sample) });
  await tus.Upload.terminate(url, { headers: { Authorization: `Bearer ${token}` } });
  const gone = await fetch(url, {
    method: 'HEAD',
    headers: { Authorization: `Bearer ${token}`, 'Tus-Resumable': '1.0.0' },
  });
  expect(gone.status).toBe(410);
  await expect(upload(handout.origin, viewer, data, { retryDelays: [] })).rejects.toThrow(/403/);
  await expect(upload(handout.origin, token, data, { retryDelays: [], metadata: { to: 'pt_nobody' } })).rejects.toThrow(
    /422/,
  );
});
