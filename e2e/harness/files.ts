import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A file on disk with what a test should find at the other end. */
export interface Sample {
  path: string;
  name: string;
  size: number;
  sha256: string;
}

/** A folder of sample files that is gone after the test. */
export class Samples {
  private constructor(private readonly folder: string) {}

  static async create(): Promise<Samples> {
    return new Samples(await mkdtemp(path.join(tmpdir(), 'handout-files-')));
  }

  /** Writes a file of random bytes; a block repeats with a counter so that no two parts are alike. */
  async file(name: string, size: number): Promise<Sample> {
    const target = path.join(this.folder, name);
    const block = randomBytes(Math.min(size, 1 << 20));
    const hash = createHash('sha256');
    const handle = await open(target, 'w');
    for (let written = 0, n = 0; written < size; n++) {
      if (block.length >= 4) block.writeUInt32LE(n, 0);
      const part = block.subarray(0, Math.min(block.length, size - written));
      await handle.write(part);
      hash.update(part);
      written += part.length;
    }
    await handle.close();
    return { path: target, name, size, sha256: hash.digest('hex') };
  }

  async dispose(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** SHA-256 of a file on disk, in hex. */
export async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
