import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const source = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The groups of the side bar; what is in none comes last. */
const groups = {
  Begin: ['index', 'docs/panel', 'docs/react', 'docs/migrate-from-enablex', 'docs/enxroom', 'docs/cli', 'docs/uploads-from-anywhere'],
  'The back end': ['docs/webhooks', 'docs/keys', 'docs/access'],
  'The wire': ['docs/protocol'],
  Operate: ['docs/operations', 'docs/limits', 'docs/metrics', 'docs/durability', 'docs/backup', 'docs/audit'],
  'What holds': ['docs/security', 'docs/reliability', 'docs/abuse', 'docs/benchmarks', 'docs/soak'],
  'The code': ['ARCHITECTURE', 'CONTRIBUTING', 'docs/decisions/index'],
};

function entry(page) {
  const text = readFileSync(join(source, `${page}.md`), 'utf8');
  const title = /^# (.*)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? page;
  return { text: page === 'index' ? 'Overview' : title, link: `/${page}`.replace(/\/index$/, '/') };
}

function sidebar() {
  const listed = new Set(Object.values(groups).flat());
  const others = readdirSync(join(source, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.slice(0, -3)}`)
    .filter((page) => !listed.has(page));
  const reference = [
    { text: 'HTTP API', link: '/api/index.html', target: '_self' },
    { text: 'SDK', link: '/reference/sdk/' },
    { text: 'Panel', link: '/reference/panel/' },
  ];
  return [
    ...Object.entries(groups).map(([text, list]) => ({ text, items: list.filter((page) => existsSync(join(source, `${page}.md`))).map(entry) })),
    { text: 'Reference', items: reference },
    ...(others.length > 0 ? [{ text: 'More', items: others.map(entry) }] : []),
  ];
}

export default defineConfig({
  title: 'Handout',
  description: 'Files for the people in a room, from a server of your own.',
  lang: 'en',
  // What is in no page of Markdown: the reference of the HTTP API.
  ignoreDeadLinks: [/^\/api\/index/],
  markdown: { theme: { light: 'github-light', dark: 'github-dark' } },
  themeConfig: {
    nav: [
      { text: 'Protocol', link: '/docs/protocol' },
      { text: 'HTTP API', link: '/api/index.html', target: '_self' },
      { text: 'SDK', link: '/reference/sdk/' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
  },
});
