import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The program that starts clusters, as e2e/run.sh leaves it. */
const program = fileURLToPath(new URL('../../bin/faulttest/clusters', import.meta.url));

/** Whether the tests are run on a cluster: three nodes, with a load balancer before them. */
export const onCluster = process.env.HANDOUT_CLUSTER === '1';

/** A cluster that runs. */
export interface Cluster {
  /** The balancer's. */
  origin: string;
  /** The nodes' own. */
  nodes: string[];
  pids: number[];
}

interface Reply extends Partial<Cluster> {
  /** How many objects the cluster keeps. */
  objects?: number;
  error?: string;
}

interface Waiting {
  resolve: (reply: Reply) => void;
  reject: (error: Error) => void;
}

/** The process that has the clusters of this one. It ends when this one does. */
class Clusters {
  private readonly waiting: Waiting[] = [];

  private constructor(private readonly child: ChildProcess) {
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.answered(line));
    child.once('error', (error) => this.ended(error));
    child.once('exit', (code) => this.ended(new Error(`what starts clusters has ended with ${code}`)));
  }

  static start(): Clusters {
    return new Clusters(
      spawn(program, { stdio: ['pipe', 'pipe', 'inherit'], cwd: fileURLToPath(new URL('../../', import.meta.url)) }),
    );
  }

  async ask(request: Record<string, unknown>): Promise<Reply> {
    const reply = await new Promise<Reply>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin?.write(`${JSON.stringify(request)}\n`);
    });
    if (reply.error !== undefined) throw new Error(`${request.do}: ${reply.error}`);
    return reply;
  }

  private answered(line: string): void {
    this.waiting.shift()?.resolve(JSON.parse(line) as Reply);
  }

  private ended(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}

let clusters: Clusters | undefined;

/** Asks for something to be done with the cluster of that directory: see internal/faulttest/clusters. */
export function ask(what: string, data: string, more: Record<string, unknown> = {}): Promise<Reply> {
  clusters ??= Clusters.start();
  return clusters.ask({ do: what, data, ...more });
}

/** Starts a cluster; it is ready when the promise resolves. */
export async function startCluster(data: string, flags: string[], listen: string): Promise<Cluster> {
  const { origin = '', nodes = [], pids = [] } = await ask('start', data, { flags, listen });
  return { origin, nodes, pids };
}
