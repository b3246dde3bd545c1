/** The browser reads a blob: address when it starts to copy; it may be kept this long without harm. */
const KEEP_MS = 5 * 60_000;

/** Hands a file to the browser's downloads under its own name. */
export function saveToDisk(file: File): void {
  const url = URL.createObjectURL(file);
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = file.name;
  anchor.hidden = true;
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(url), KEEP_MS);
}
