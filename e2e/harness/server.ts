import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ask, type Cluster, onCluster, startCluster } from './cluster.js';

/** The program, as make build leaves it. */
export const binary = fileURLToPath(new URL('../../bin/handout', import.meta.url));

/** What runs: one server, or a cluster. */
interface Life {
  readonly origin: string;
  /** Process ids, for reading /proc. */
  readonly pids: number[];
  /** Where each process can be reached without a balancer. */
  readonly nodes: string[];
  stop(signal: NodeJS.Signals): Promise<void>;
  filesKept(): Promise<number>;
  /** Forgets what it kept outside of its directory. */
  forget(): Promise<void>;
}

/** A running `handout serve --dev` with a data directory of its own, or a cluster of such, with a load balancer. */
export class HandoutServer {
  private constructor(
    private readonly life: Life,
    readonly data: string,
  ) {}

  /** Starts the server; it is ready when the promise resolves. */
  static async start(flags: string[] = [], data?: string, listen?: string): Promise<HandoutServer> {
    const directory = data ?? (await mkdtemp(path.join(tmpdir(), 'handout-e2e-')));
    const all = ['--dev', ...flags];
    if (onCluster) return HandoutServer.cluster(all, directory, listen);
    return new HandoutServer(await Process.start(all, directory, listen ?? '127.0.0.1:0'), directory);
  }

  /** Starts a cluster, whatever the other tests run on. */
  static async startCluster(flags: string[] = []): Promise<HandoutServer> {
    return HandoutServer.cluster(['--dev', ...flags], await mkdtemp(path.join(tmpdir(), 'handout-e2e-')));
  }

  private static async cluster(flags: string[], data: string, listen = ''): Promise<HandoutServer> {
    return new HandoutServer(new Nodes(data, await startCluster(data, flags, listen)), data);
  }

  /** Where clients go. */
  get origin(): string {
    return this.life.origin;
  }

  /** The origins of the nodes, or of the one server. */
  get nodes(): string[] {
    return this.life.nodes;
  }

  get pids(): number[] {
    return this.life.pids;
  }

  /** Ends the server with a signal and waits until it is gone; the data stay. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.life.stop(signal);
  }

  /** Kills one node of a cluster, and waits until it is gone. */
  async killNode(node: number): Promise<void> {
    await ask('stop', this.data, { signal: 'SIGKILL', node });
  }

  /** Starts a node again that was killed; it takes requests when the promise resolves. */
  async reviveNode(node: number): Promise<void> {
    await ask('revive', this.data, { node });
  }

  /** How many files the server keeps, of whatever kind. */
  async filesKept(): Promise<number> {
    return this.life.filesKept();
  }

  /** Stops the server and deletes its data. */
  async dispose(): Promise<void> {
    await this.stop();
    await this.life.forget();
    await rm(this.data, { recursive: true, force: true });
  }
}

/** One server. */
class Process implements Life {
  readonly nodes: string[];
  readonly pids: number[];

  private constructor(
    private readonly child: ChildProcess,
    private readonly data: string,
    readonly origin: string,
  ) {
    this.nodes = [origin];
    this.pids = child.pid === undefined ? [] : [child.pid];
  }

  static async start(flags: string[], data: string, listen: string): Promise<Process> {
    const child = spawn(binary, ['serve', '--listen', listen, '--data', data, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const log: string[] = [];
    const origin = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        log.push(line);
        const address = /listening.*\burl=(http:\/\/\S+)/.exec(line)?.[1];
        if (address) resolve(address.replace(/\/$/, ''));
      });
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${log.join('\n')}`)));
      child.once('error', reject);
    });
    return new Process(child, data, origin);
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    await gone;
  }

  async filesKept(): Promise<number> {
    const entries = await readdir(path.join(this.data, 'files'), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).length;
  }

  async forget(): Promise<void> {}
}

/** A cluster. */
class Nodes implements Life {
  private running = true;

  constructor(
    private readonly data: string,
    private readonly cluster: Cluster,
  ) {}

  get origin(): string {
    return this.cluster.origin;
  }

  get nodes(): string[] {
    return this.cluster.nodes;
  }

  get pids(): number[] {
    return this.cluster.pids;
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return;
    this.running = false;
    await ask('stop', this.data, { signal });
  }

  async filesKept(): Promise<number> {
    return (await ask('count', this.data)).objects ?? 0;
  }

  async forget(): Promise<void> {
    await ask('dispose', this.data);
  }
}
