import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/** Where what is no page can be read. */
const REPOSITORY = 'https://github.com/handout-rtc/handout/blob/main/';

/** The repository's pages, by their paths in it. */
export function pages(root) {
  const inside = (folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => posix.join(folder, name));
  return [
    ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'],
    ...inside('docs'),
    ...inside('docs/decisions'),
    ...['panel/README.md', 'examples/react/README.md', 'examples/enxroom/README.md', 'examples/plain-html/README.md'],
  ].filter((page) => existsSync(join(root, page)));
}

/** Copies the pages and their pictures, each to where it is in the repository, so that links between them hold. */
export function stage(root, to) {
  const all = pages(root);
  for (const page of all) {
    const text = relink(readFileSync(join(root, page), 'utf8'), page, all, root);
    write(join(to, at(page)), text);
  }
  cpSync(join(root, 'docs', 'images'), join(to, 'docs', 'images'), { recursive: true });
  for (const name of readdirSync(join(root, 'docs')).filter((each) => each.endsWith('.svg'))) {
    cpSync(join(root, 'docs', name), join(to, 'docs', name));
  }
  const decisions = all.filter((page) => page.startsWith('docs/decisions/'));
  const lines = decisions.map((page) => `- [${titleOf(root, page)}](${posix.basename(page)})`);
  write(join(to, 'docs', 'decisions', 'index.md'), `# Decisions\n\nWhat was decided that would be expensive to turn round, and why.\n\n${lines.join('\n')}\n`);
}

/** The first heading of a page. */
export function titleOf(root, page) {
  return /^# (.*)$/m.exec(readFileSync(join(root, page), 'utf8'))?.[1] ?? page;
}

/** Where a page is in the site's source. */
export function at(page) {
  return page === 'README.md' ? 'index.md' : page;
}

/** Has links to what is no page of the site lead to the repository. One that leads nowhere is an error. */
function relink(text, page, all, root) {
  let fenced = false;
  const lines = text.split('\n').map((line) => {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    return fenced ? line : line.replace(/\]\(([^)\s]+)\)/g, (whole, link) => `](${target(link, page, all, root) ?? whole})`);
  });
  return lines.join('\n');
}

function target(link, page, all, root) {
  if (/^([a-z]+:|#)/.test(link)) return link;
  const [path, anchor = ''] = link.split(/(?=#)/);
  const meant = posix.normalize(posix.join(posix.dirname(page), path)).replace(/\/$/, '');
  if (!existsSync(join(root, meant))) throw new Error(`${page} links to ${link}, which is not there`);
  if (meant === 'README.md') return `/${anchor}`;
  if (meant === 'docs/decisions') return '/docs/decisions/';
  if (meant === 'docs/openapi.yaml') return '/api/index.html';
  if (all.includes(meant) || (/\.(png|svg)$/.test(meant) && statSync(join(root, meant)).isFile())) return link;
  return REPOSITORY + meant + anchor;
}

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
