import { readdir, readFile } from 'node:fs/promises';

/** The largest resident set that any of the browser's renderers (the pages) has had, in bytes. */
export async function rendererPeak(): Promise<number> {
  let peak = 0;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const command = await readFile(`/proc/${pid}/cmdline`, 'latin1');
      if (!command.includes('--type=renderer')) continue;
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      const kib = /VmHWM:\s+(\d+)/.exec(status)?.[1];
      peak = Math.max(peak, Number(kib ?? 0) * 1024);
    } catch {
      // The process has ended meanwhile.
    }
  }
  return peak;
}
