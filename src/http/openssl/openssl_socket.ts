import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { OpensslContext } from "./openssl_context.ts";
import { OpensslSession } from "./openssl_session.ts";

/** What is encrypted at a time: more waits until it is on its way. */
const WRITE_BYTES_MAX = 64 * 1024;
/** What the server makes us answer beside what we write, such as changes of keys. */
const UNSENT_BYTES_MAX = 1024 * 1024;

type Done = (error?: Error | null) => void;

/**
 * TLS by OpenSSL over an open connection, as a stream of plain bytes. It says `secure`, with what was
 * agreed on, when the handshake is done, and ends with OpenSSL's words in an `OpensslFailure`; the
 * connection below lives and dies with it. It reads no faster than it is read, and writes no faster
 * than the server takes.
 */
export class OpensslSocket extends Duplex {
  readonly #transport: Socket;
  readonly #session: OpensslSession;
  #isSecure = false;
  #isTold = false;
  /** Whether whoever reads has room for more. */
  #isWanted = false;
  /** Whether all has been passed on. */
  #isOver = false;
  /** Whether nothing more arrives. */
  #isCut = false;

  constructor(context: OpensslContext, host: string, transport: Socket) {
    super({ allowHalfOpen: false });
    this.#transport = transport;
    this.#session = new OpensslSession(context, host);
    // Taken out when there is room for it: the runtime may overwrite what waits in a paused socket.
    transport.on("readable", () => this.#guarded(() => this.#advance()));
    transport.once("end", () => this.#cut());
    transport.once("close", () => this.#cut());
    transport.on("error", (error) => this.destroy(error));
    this.#guarded(() => this.#advance());
  }

  /** Whether the process stays alive for this connection, as sockets have it. */
  ref(): this {
    this.#transport.ref();
    return this;
  }

  unref(): this {
    this.#transport.unref();
    return this;
  }

  override _read(): void {
    this.#isWanted = true;
    this.#guarded(() => this.#pass());
  }

  override _write(chunk: Buffer<ArrayBuffer>, _encoding: string, done: Done): void {
    if (this.destroyed) return done();
    try {
      this.#session.write(chunk.subarray(0, WRITE_BYTES_MAX));
    } catch (error) {
      return done(errorOf(error));
    }
    const rest = chunk.subarray(WRITE_BYTES_MAX);
    this.#flush((error) => {
      if (error || rest.length === 0) done(error);
      else this._write(rest, _encoding, done);
    });
  }

  override _final(done: Done): void {
    if (this.#isSecure && !this.destroyed) this.#session.shutDown();
    this.#flush(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#session.free();
    this.#transport.destroy();
    done(error);
  }

  #advance(): void {
    while (!this.#isSecure && !this.destroyed) {
      this.#isSecure = this.#session.handshake();
      this.#flush();
      if (!this.#isSecure && !this.#receive()) return;
    }
    if (this.destroyed || this.#isTold) return this.#pass();
    this.#isTold = true;
    this.emit("secure", this.#session.agreement);
    // Begins to read, as sockets do: an end is noticed before anybody asks.
    this.read(0);
  }

  /** Passes on what has arrived, as far as it is wanted; nothing more is taken before that. */
  #pass(): void {
    while (this.#isSecure && this.#isWanted && !this.#isOver && !this.destroyed) {
      const bytes = this.#session.read();
      if (bytes === undefined) {
        if (this.#receive()) continue;
        if (this.#isCut) this.destroy(reset());
        break;
      }
      this.#isOver = bytes === null;
      this.#isWanted = this.push(bytes);
    }
    if (this.destroyed) return;
    if (this.#transport.writableLength > UNSENT_BYTES_MAX) this.destroy(reset());
    else this.#flush();
  }

  /** Whether something has arrived, which OpenSSL has now. */
  #receive(): boolean {
    const bytes: Buffer<ArrayBuffer> | null = this.#transport.read();
    if (bytes !== null) this.#session.receive(bytes);
    return bytes !== null;
  }

  /** Sends what OpenSSL has for the server; `done` is called when it is on its way. */
  #flush(done: Done = () => {}): void {
    const bytes = this.destroyed ? undefined : this.#session.takeOutput();
    if (!bytes) return done();
    this.#transport.write(bytes, (error) => error ? done(error) : this.#flush(done));
  }

  /** The other side ended the connection, which nobody but TLS itself may announce. */
  #cut(): void {
    this.#isCut = true;
    if (this.#isSecure) this.#guarded(() => this.#pass());
    else this.destroy();
  }

  #guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      // An alert tells the server why.
      this.#flush();
      this.destroy(errorOf(error));
    }
  }
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** As systems say it. */
function reset(): Error {
  return Object.assign(new Error("cut short"), { code: "ECONNRESET" });
}
