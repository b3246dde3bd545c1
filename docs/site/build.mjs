// make docs: a static site of the repository's own pages, with the reference of the
// TypeScript packages and of the HTTP API. Nothing in it is fetched from elsewhere.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vitepress';
import { stage } from './stage.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const source = join(here, '.build');

rmSync(source, { recursive: true, force: true });
mkdirSync(join(source, 'public', 'api'), { recursive: true });

stage(root, source);
reference('sdk', 'The SDK');
reference('panel', 'The panel');
api();
cpSync(join(here, 'config.mjs'), join(source, '.vitepress', 'config.mjs'));
cpSync(join(here, 'theme'), join(source, '.vitepress', 'theme'), { recursive: true });
await build(source, { outDir: join(here, 'dist') }); // a link that leads nowhere fails it
console.log(`\n  The site is in ${join('docs', 'site', 'dist')}.\n`);

/** Writes the reference of a package's exports, as Markdown. */
function reference(name, title) {
  const options = [
    ['--entryPoints', join(root, name, 'src', 'index.ts')],
    ['--tsconfig', join(root, name, 'tsconfig.json')],
    ['--out', join(source, 'reference', name)],
    ['--plugin', 'typedoc-plugin-markdown'],
    ['--name', title],
    ['--readme', 'none'],
    ['--entryFileName', 'index'],
    ['--hideBreadcrumbs', 'true'],
    ['--hidePageHeader', 'true'],
    ['--disableSources'],
    ['--excludePrivate'],
    ['--excludeInternal'],
    ['--skipErrorChecking'], // they were checked by their own compiler
    ['--treatWarningsAsErrors', 'false'],
  ];
  execFileSync(process.execPath, [join(here, 'node_modules', 'typedoc', 'bin', 'typedoc'), ...options.flat()], { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Puts the reference of the HTTP API beside the pages: it is a page of its own. */
function api() {
  const to = join(source, 'public', 'api');
  cpSync(join(root, 'docs', 'openapi.yaml'), join(to, 'openapi.yaml'));
  cpSync(join(here, 'node_modules', '@scalar', 'api-reference', 'dist', 'browser', 'standalone.js'), join(to, 'reference.js'));
  cpSync(join(here, 'api.html'), join(to, 'index.html'));
}
