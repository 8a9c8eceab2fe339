import { Buffer } from "node:buffer";

/** An answer as it came off the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; several values of one name in order. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
  /** The same as it came. */
  readonly bytes: Uint8Array;
  /** False if the connection ended before the body did. */
  readonly complete: boolean;
}

/** One bare connection for tests of the server: what is sent is exactly what the test says. */
export class RawHttpClient implements Disposable {
  readonly #connection: Deno.Conn;
  readonly #host: string;
  #received = Buffer.alloc(0);
  #ended = false;

  constructor(connection: Deno.Conn, host = "localhost") {
    this.#connection = connection;
    this.#host = host;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async send(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  /** Sends a request with these headers and reads its answer. */
  async post(target: string, headers: readonly string[], body = ""): Promise<RawAnswer> {
    const length = new TextEncoder().encode(body).length;
    const fields = [`Host: ${this.#host}`, ...headers, `Content-Length: ${length}`];
    await this.send(`POST ${target} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n${body}`);
    return await this.answer();
  }

  /** Asks for something without a body. */
  async get(target: string, headers: readonly string[]): Promise<RawAnswer> {
    const fields = [`Host: ${this.#host}`, ...headers];
    await this.send(`GET ${target} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
    return await this.answer();
  }

  async answer(): Promise<RawAnswer> {
    const head = (await this.#until("\r\n\r\n")).toString("latin1");
    const [start = "", ...lines] = head.trimEnd().split("\r\n");
    const headers = new Map<string, string[]>();
    for (const line of lines) {
      const [, name = "", value = ""] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
      headers.set(name.toLowerCase(), [...headers.get(name.toLowerCase()) ?? [], value]);
    }
    const status = Number(start.split(" ")[1]);
    if (headers.get("transfer-encoding")?.[0] !== "chunked") {
      const bytes = await this.#exactly(Number(headers.get("content-length")?.[0] ?? 0));
      return { status, headers, body: bytes.toString(), bytes, complete: !this.#ended };
    }
    const { bytes, complete } = await this.#chunks();
    return { status, headers, body: bytes.toString(), bytes, complete };
  }

  async #chunks(): Promise<{ readonly bytes: Buffer; readonly complete: boolean }> {
    const chunks: Buffer[] = [];
    for (;;) {
      const size = parseInt((await this.#until("\r\n")).toString("latin1"), 16);
      if (!(size >= 0)) return { bytes: Buffer.concat(chunks), complete: false };
      chunks.push(await this.#exactly(size));
      await this.#until("\r\n");
      if (size === 0) return { bytes: Buffer.concat(chunks), complete: true };
    }
  }

  async #until(mark: string): Promise<Buffer> {
    for (;;) {
      const at = this.#received.indexOf(mark);
      if (at >= 0) return this.#take(at + mark.length);
      if (!await this.#read()) return this.#take(this.#received.length);
    }
  }

  async #exactly(length: number): Promise<Buffer> {
    while (this.#received.length < length && await this.#read()) { /* until it is all there */ }
    return this.#take(length);
  }

  #take(length: number): Buffer {
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }

  async #read(): Promise<boolean> {
    if (this.#ended) return false;
    const piece = new Uint8Array(64 * 1024);
    const count = await this.#connection.read(piece);
    this.#ended = count === null;
    if (count !== null) {
      this.#received = Buffer.concat([this.#received, piece.subarray(0, count)]);
    }
    return !this.#ended;
  }
}
