// Builds dist/, which a server serves beside the SDK: handout-panel.js, which imports ./handout.js, and its types;
// and lib/, the package, whose dependencies are the application's.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Takes comments and blanks out of the style sheets: no bundler looks into a template. */
const tightStyles = {
  name: 'tight-styles',
  transform: (code, id) =>
    id.startsWith(`${root}src/`)
      ? code.replace(/css`([^`]*)`/g, (_, sheet) => {
          const bare = sheet.replace(/\/\*.*?\*\//gs, '').replace(/\s+/g, ' ');
          return `css\`${bare
            .replace(/ ?([{};,]) ?/g, '$1')
            .replace(/: /g, ':')
            .trim()}\``;
        })
      : null,
};

async function bundle({ outDir, name, external, entry = 'src/index.ts', paths = {}, license }) {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [tightStyles],
    build: {
      outDir,
      lib: { entry, formats: ['es'], fileName: () => name },
      target: 'es2022',
      minify: true,
      sourcemap: false,
      // Vite leaves the blanks of a module library in; ours is for browsers, not for bundlers.
      rolldownOptions: {
        external,
        output: { minify: license !== false, paths, chunkFileNames: 'handout-panel.[name].js' },
      },
      // dist/.gitkeep must stay for go:embed; the Makefile clears the rest.
      emptyOutDir: false,
      // What is bundled asks that its licence go with it.
      license,
    },
  });
}

await rm(`${root}/lib`, { recursive: true, force: true });
await bundle({
  outDir: 'dist',
  name: 'handout-panel.js',
  external: ['@handout/sdk'],
  paths: { '@handout/sdk': './handout.js' },
  license: { fileName: 'handout-panel.licenses.md' },
});
await bundle({ outDir: 'lib', name: 'index.js', external: [/^@handout\/sdk$/, /^lit/, /^lucide/], license: false });
await bundle({
  outDir: 'lib',
  name: 'react.js',
  entry: 'src/react/index.ts',
  external: [/^@handout\//, '@lit/react', /^react/],
  license: false,
});

// What the plugin logs is its opinion of the compiler; a fault rejects.
const quiet = { ...console, info: () => undefined, warn: () => undefined };
async function writeTypes(name, input) {
  const made = await rolldown({
    input: { [name]: `${root}/${input}` },
    external: [/^@handout\//, /^@lit\//, /^react/],
    plugins: [dts({ emitDtsOnly: true, tsconfig: `${root}/tsconfig.types.json`, logger: quiet })],
  });
  await made.write({ dir: `${root}/lib`, format: 'es' });
}
await writeTypes('index', 'src/index.ts');
await writeTypes('react', 'src/react/index.ts');
const types = await readFile(`${root}/lib/index.d.ts`, 'utf8');
await writeFile(
  `${root}/dist/handout-panel.d.ts`,
  types.replaceAll("'@handout/sdk'", "'./handout.js'").replaceAll('"@handout/sdk"', '"./handout.js"'),
);

// A source path of this machine has no place in what is served.
for (const folder of ['dist', 'lib'])
  for (const name of await readdir(`${root}/${folder}`))
    if ((await readFile(`${root}/${folder}/${name}`, 'utf8')).includes(root))
      throw new Error(`${name} names a path of this machine`);
