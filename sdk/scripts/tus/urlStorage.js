export const canStoreURLs = false;
export class WebStorageUrlStorage {}
