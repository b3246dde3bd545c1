import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { sha256 } from './files.js';

const run = promisify(execFile);

/** A folder with folders in it, and the hash of each file by its path. */
export class SampleTree {
  readonly hashes = new Map<string, string>();

  private constructor(
    private readonly base: string,
    readonly name: string,
  ) {}

  /** Writes so many files of so many bytes, ten to a folder: some have their names in common. */
  static async create(name: string, count: number, size: (i: number) => number): Promise<SampleTree> {
    const tree = new SampleTree(await mkdtemp(path.join(tmpdir(), 'handout-tree-')), name);
    const block = randomBytes(1 << 20);
    for (let i = 0; i < count; i++) {
      const folder = path.join(name, ...(i < 10 ? [] : [`part ${Math.floor(i / 100)}`, `${Math.floor(i / 10)}`]));
      const file = path.join(folder, `file ${i % 10}.bin`);
      const bytes = Buffer.concat([Buffer.from(`${i};`), ...Array(Math.ceil(size(i) / block.length)).fill(block)]);
      await mkdir(path.join(tree.base, folder), { recursive: true });
      await writeFile(path.join(tree.base, file), bytes.subarray(0, size(i)));
      tree.hashes.set(
        file,
        createHash('sha256')
          .update(bytes.subarray(0, size(i)))
          .digest('hex'),
      );
    }
    return tree;
  }

  get path(): string {
    return path.join(this.base, this.name);
  }

  /** What an archive holds, by path: unpacked by a tool of its own, which checks it too. */
  async unpack(archive: string): Promise<Map<string, string>> {
    const into = path.join(this.base, 'unpacked');
    await run('unzip', ['-q', '-o', archive, '-d', into], { maxBuffer: 1 << 24 });
    const { stdout } = await run('find', [into, '-type', 'f'], { maxBuffer: 1 << 24 });
    const found = new Map<string, string>();
    for (const file of stdout.trim().split('\n')) found.set(path.relative(into, file), await sha256(file));
    return found;
  }

  /** The same of an archive that is no file yet. */
  async unpackBytes(bytes: Uint8Array): Promise<Map<string, string>> {
    const archive = path.join(this.base, 'archive.zip');
    await writeFile(archive, bytes);
    return this.unpack(archive);
  }

  async dispose(): Promise<void> {
    await rm(this.base, { recursive: true, force: true });
  }
}
