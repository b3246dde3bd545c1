// Builds dist/: handout.js (module), EnxRtc.js (a script whose global is EnxRtc) and the types.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import { build } from 'vite';
import { slimTus } from './tus.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Stands in for what browsers have by themselves. */
const native = `${root}/scripts/native.mjs`;

/** One build with everything in it: an application loads one file. */
async function bundle(lib, define = {}) {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    define,
    plugins: [slimTus()],
    resolve: { alias: { 'url-parse': native, 'js-base64': native } },
    build: {
      lib,
      target: 'es2022',
      minify: true,
      sourcemap: false,
      // Vite leaves the blanks of a module library in; ours is for browsers, not for bundlers.
      rolldownOptions: { output: { minify: true } },
      // dist/.gitkeep must stay for go:embed; the Makefile clears the rest.
      emptyOutDir: false,
      // What is bundled asks that its licence go with it.
      license: { fileName: 'licenses.md' },
    },
  });
}

await bundle({ entry: 'src/index.ts', formats: ['es'], fileName: () => 'handout.js' });
await bundle(
  { entry: 'src/enx/index.ts', name: 'EnxRtc', formats: ['iife'], fileName: () => 'EnxRtc.js' },
  // A script has no import.meta: where it came from is document.currentScript.
  { 'import.meta.url': 'undefined' },
);

// The types are one file as well: an application that loads the module from a server fetches them from there.
// What the plugin logs is its opinion of the compiler; a fault rejects.
const quiet = { ...console, info: () => undefined, warn: () => undefined };
await (
  await rolldown({
    input: { handout: `${root}/src/index.ts` },
    plugins: [dts({ emitDtsOnly: true, tsconfig: `${root}/tsconfig.types.json`, logger: quiet })],
  })
).write({ dir: `${root}/dist`, format: 'es' });

// A source path of this machine has no place in what is served.
for (const name of ['handout.js', 'EnxRtc.js', 'handout.d.ts', 'licenses.md']) {
  if ((await readFile(`${root}/dist/${name}`, 'utf8')).includes(root))
    throw new Error(`${name} names a path of this machine`);
}
