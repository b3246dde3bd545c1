import { expect, test } from '../harness/test.js';

const slow = 400_000; // bytes per second: a file of some MB is under way long enough to be cancelled

test('the sender cancels: its events, its callback, and nothing of the file stays', async ({
  participant,
  samples,
  network,
  handout,
}) => {
  const [ana, ben] = [await participant('Ana'), await participant('Ben')];
  const big = await samples.file('big.bin', 20_000_000);
  const before = await handout.filesKept();
  network.bytesPerSecond = slow;
  await ana.send([big.path], {});
  await ana.heard('upload-progress', 2);
  expect((await ana.cancelUploads(1, false)).result).toBe(0);
  const [failed] = await ana.heard('upload-failed');
  const [callback] = await ana.heard('send-error');
  expect(failed?.detail).toEqual(
    expect.objectContaining({
      messageType: 'upload-failed',
      result: 1185,
      response: expect.objectContaining({ uploadStatus: 'cancelled', upJobId: 1 }),
    }),
  );
  expect(callback?.detail).toEqual(expect.objectContaining({ result: 1182, error: 'file upload failed' }));
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  expect((await ana.cancelUploads(1, false)).result).not.toBe(0);
  expect(await ana.journal('upload-completed')).toEqual([]);
  expect(await ben.available()).toEqual([]);
  await expect.poll(() => handout.filesKept()).toBe(before);
});

test('cancels in every form', async ({ participant, samples, network }) => {
  const ana = await participant('Ana');
  network.bytesPerSecond = slow;
  const forms: unknown[][] = [[1, false], ['2'], [false, 3], [false, '4'], [null, true], [true, 'cancel'], [true, 0]];
  for (const [i, form] of forms.entries()) {
    const file = await samples.file(`big ${i}.bin`, 8_000_000);
    await ana.send([file.path], {});
    await ana.heard('upload-started', i + 1);
    expect((await ana.cancelUploads(...form)).result, JSON.stringify(form)).toBe(0);
    await ana.heard('send-error', i + 1);
  }
  expect(await ana.journal('upload-failed')).toHaveLength(forms.length);
  expect((await ana.cancelUploads(99, false)).result).not.toBe(0);
  expect((await ana.cancelUploads()).result).not.toBe(0);
  expect((await ana.cancelUploads(0, true)).result).toBe(0); // nothing is running
});

test("a receiver's cancel touches that receiver alone", async ({ participant, samples, network }) => {
  const [ana, ben, cleo] = [await participant('Ana'), await participant('Ben'), await participant('Cleo')];
  const big = await samples.file('big.bin', 6_000_000);
  await ana.send([big.path], {});
  await ben.heard('download-available');
  await cleo.heard('download-available');
  network.bytesPerSecond = 2_000_000;
  await ben.receive(0, { isMobile: true });
  await cleo.receive('0', { isMobile: true });
  await ben.heard('download-progress');
  expect((await ben.cancelDownloads('0', false)).result).toBe(0);
  const [failed] = await ben.heard('download-failed');
  expect(failed?.detail).toEqual(
    expect.objectContaining({
      messageType: 'download-failed',
      result: 1183,
      response: expect.objectContaining({ downloadStatus: 'cancelled', jobId: '0' }),
    }),
  );
  expect((await ben.heard('recv-error'))[0]?.detail).toEqual(
    expect.objectContaining({ result: 1183, error: 'file download failed' }),
  );
  await cleo.heard('recv-callback');
  expect(await cleo.digest('big.bin')).toBe(big.sha256);
  // The receiver may change its mind.
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await ben.receive(0, { isMobile: true });
  await ben.heard('recv-callback');
  expect(await ben.digest('big.bin')).toBe(big.sha256);
  expect((await ben.cancelDownloads(0, false)).result).not.toBe(0); // it is complete
  expect((await ben.cancelDownloads('7', false)).result).not.toBe(0); // unknown
  expect((await ben.cancelDownloads(true, 'cancel')).result).toBe(0);
  expect((await ben.cancelDownloads(null, true)).result).toBe(0);
});

test("the sender's withdrawal ends running downloads with a reason", async ({
  participant,
  samples,
  network,
  handout,
}) => {
  const [ana, ben] = [await participant('Ana'), await participant('Ben')];
  const before = await handout.filesKept();
  const big = await samples.file('big.bin', 20_000_000);
  await ana.send([big.path], {});
  await ben.heard('download-available');
  network.bytesPerSecond = slow;
  await ben.receive(0, { isMobile: true });
  await ben.heard('download-progress');
  const [available] = await ben.available();
  const { status } = await fetch(`${handout.origin}/v1/shares/${available.shareId}`, {
    method: 'DELETE',
    headers: { Authorization: `Bearer ${ana.token}` },
  });
  expect(status).toBe(204);
  const [failed] = await ben.heard('download-failed');
  expect(failed?.detail.response.jobId).toBe('0');
  expect((await ben.heard('recv-error'))[0]?.detail.desc).toMatch(/revoked|withdrawn/);
  await ben.receive(0);
  expect((await ben.heard('recv-error', 2))[1]?.detail.result).toBe(1181);
  expect((await ben.available())[0]).toEqual(expect.objectContaining({ index: 0, name: 'big.bin' }));
  await expect.poll(() => handout.filesKept()).toBe(before);
});
