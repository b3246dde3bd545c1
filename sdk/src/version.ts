/** The version of this SDK. */
export const version = '0.1.0';
