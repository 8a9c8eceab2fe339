/** OpenSSL has failed; the message is its own words. */
export class OpensslFailure extends Error {
  override readonly name = "OpensslFailure";
}
