// Holds the panel to its budget: what an application's users load beyond the SDK.
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

// KiB, gzipped. English is in the panel; another language comes when it is spoken, and what makes archives with the first.
const budgets = {
  'handout-panel.js': 39,
  'handout-panel.batch.js': 1,
  'handout-panel.de.js': 5,
  'handout-panel.ar.js': 5,
  'handout-panel.run.js': 5,
};

for (const [name, budget] of Object.entries(budgets)) {
  const file = new URL(`../dist/${name}`, import.meta.url);
  if (!existsSync(file)) continue; // nothing was built
  const size = gzipSync(readFileSync(file), { level: 9 }).length / 1024;
  console.log(`${name}: ${size.toFixed(1)} KiB gzipped, budget ${budget}`);
  if (size > budget) process.exitCode = 1;
}
