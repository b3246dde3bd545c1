// What tus-js-client takes from url-parse and js-base64, for engines that have neither URL nor TextEncoder: ours have both.

export const Base64 = {
  encode: (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text))),
};

// biome-ignore lint/style/noDefaultExport: it stands in for a module that has one
export default globalThis.URL;
