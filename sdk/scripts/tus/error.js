export default class extends Error {
  constructor(message, cause = null, request = null, response = null) {
    super(cause === null ? message : `${message}, caused by ${cause}`);
    this.causingError = cause;
    this.originalRequest = request;
    this.originalResponse = response;
  }
}
