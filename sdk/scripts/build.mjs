// Builds dist/: handout.js (module), EnxRtc.js (a script whose global is EnxRtc) and the types.
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

/** One build with everything in it: an application loads one file. */
async function bundle(lib, define = {}) {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    define,
    build: {
      lib,
      target: 'es2022',
      minify: true,
      sourcemap: false,
      // Vite leaves the blanks of a module library in; ours is for browsers, not for bundlers.
      rolldownOptions: { output: { minify: true } },
      // dist/.gitkeep must stay for go:embed; the Makefile clears the rest.
      emptyOutDir: false,
    },
  });
}

await bundle({ entry: 'src/index.ts', formats: ['es'], fileName: () => 'handout.js' });
await bundle(
  { entry: 'src/enx/index.ts', name: 'EnxRtc', formats: ['iife'], fileName: () => 'EnxRtc.js' },
  // A script has no import.meta: where it came from is document.currentScript.
  { 'import.meta.url': 'undefined' },
);

execFileSync(
  'npx',
  [
    'tsc',
    '-p',
    'tsconfig.types.json',
    '--noEmit',
    'false',
    '--declaration',
    '--emitDeclarationOnly',
    '--outDir',
    'dist/types',
  ],
  { cwd: root, stdio: 'inherit' },
);
await writeFile(`${root}/dist/handout.d.ts`, "export * from './types/index.js';\n");

// A source path of this machine has no place in what is served.
for (const name of ['handout.js', 'EnxRtc.js']) {
  if ((await readFile(`${root}/dist/${name}`, 'utf8')).includes(root))
    throw new Error(`${name} names a path of this machine`);
}
