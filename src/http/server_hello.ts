import { LIMITS } from "../core/limits.ts";
import { CIPHERS, HANDSHAKE_RECORD } from "./client_hello.ts";

/**
 * What a server answers to a ClientHello of TLS 1.2 that offers everything: also the versions, key
 * exchanges and ciphers that this program's TLS does not have. Up to TLS 1.2 this part of a
 * handshake is not encrypted (RFC 5246, section 7.4), so it shows what a server would agree to.
 */
export interface ServerHello {
  /** The version it chose: 0x0303 is TLS 1.2, 0x0301 TLS 1.0. */
  readonly version: number;
  /** The cipher suite it chose, by its number in the TLS registry. */
  readonly cipher: number;
  /** The group of its key exchange, by its number; absent without an elliptic curve. */
  readonly curve?: number;
  /** Its certificate and the further ones it sends along, in DER. */
  readonly chain: readonly Uint8Array[];
  /** Whether it asks for a certificate of the client. */
  readonly asksForCertificate: boolean;
  /** Whether the hello came to its end. */
  readonly complete: boolean;
}

const NOTHING = new Uint8Array(0);

/** Reads the answer to a ClientHello as it arrives. */
export class ServerHelloReader {
  #hello: ServerHello | undefined;
  #ended = false;
  #bytes = 0;
  /** Of a record that is not there as a whole, and of a handshake message. */
  #record: Uint8Array = NOTHING;
  #message: Uint8Array = NOTHING;

  /** Whether nothing further has to be read. */
  get ended(): boolean {
    return this.#ended;
  }

  /** What is known so far: nothing until the server has chosen, or where it sends no handshake. */
  get hello(): ServerHello | undefined {
    return this.#hello;
  }

  add(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.#record = joined(this.#record, bytes);
    while (!this.#ended && this.#record.length >= 5) {
      const end = 5 + numberAt(this.#record, 3, 2);
      if (this.#record[0] !== HANDSHAKE_RECORD) this.#ended = true;
      if (this.#ended || end > this.#record.length) break;
      this.#message = joined(this.#message, this.#record.subarray(5, end));
      this.#record = this.#record.subarray(end);
      this.#takeMessages();
    }
    if (this.#bytes > LIMITS.tlsHelloBytesMax || this.#hello?.complete) this.#ended = true;
  }

  #takeMessages(): void {
    while (this.#message.length >= 4) {
      const end = 4 + numberAt(this.#message, 1, 3);
      if (end > this.#message.length) return;
      this.#take(this.#message[0]!, this.#message.subarray(4, end));
      this.#message = this.#message.subarray(end);
    }
  }

  #take(type: number, body: Uint8Array): void {
    if (this.#hello) this.#hello = { ...this.#hello, ...partOf(type, body, this.#hello.cipher) };
    else if (type === 2) this.#hello = chosen(body);
    if (!this.#hello) this.#ended = true;
  }
}

/** A ServerHello: the version, 32 random bytes, the session id, then the suite. */
function chosen(body: Uint8Array): ServerHello | undefined {
  const suiteAt = 35 + (body[34] ?? 0);
  if (suiteAt + 2 > body.length) return undefined;
  return {
    version: numberAt(body, 0, 2),
    cipher: numberAt(body, suiteAt, 2),
    chain: [],
    asksForCertificate: false,
    complete: false,
  };
}

function partOf(type: number, body: Uint8Array, cipher: number): Partial<ServerHello> {
  switch (type) {
    case 11:
      return { chain: certificatesIn(body) };
    case 12:
      // ServerECDHParams (RFC 8422, section 5.4): 3 is a named curve.
      return CIPHERS.get(cipher)?.startsWith("ECDHE") && body[0] === 3 && body.length > 3
        ? { curve: numberAt(body, 1, 2) }
        : {};
    case 13:
      return { asksForCertificate: true };
    case 14:
      return { complete: true };
    default:
      return {};
  }
}

function certificatesIn(body: Uint8Array): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  for (let at = 3; at + 3 <= body.length;) {
    const end = at + 3 + numberAt(body, at, 3);
    if (end > body.length) break;
    chain.push(body.slice(at + 3, end));
    at = end;
  }
  return chain;
}

function numberAt(bytes: Uint8Array, at: number, size: 2 | 3): number {
  return bytes.subarray(at, at + size).reduce((sum, byte) => sum * 256 + byte, 0);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
