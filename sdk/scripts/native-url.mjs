// tus-js-client resolves one address with url-parse, for engines that have no URL; those that the SDK is for have it.
// biome-ignore lint/style/noDefaultExport: it stands in for a module that has one
export default globalThis.URL;
