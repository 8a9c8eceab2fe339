/** One request as it came off the wire. */
export interface WireRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** The client went away in the middle of a request. */
export class RequestCut extends Error {
  override readonly name = "RequestCut";
}

const READ_BYTES = 256 * 1024;
const LF = 0x0a;

/** Reads requests from one connection (RFC 9112), bodies as they arrive. */
export class RequestReader {
  readonly #connection: Deno.Conn;
  #buffer: Uint8Array = new Uint8Array();

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** The head of the next request; undefined if the client has closed the connection before. */
  async next(): Promise<WireRequest | undefined> {
    if (this.#buffer.length === 0 && !await this.#fill()) return undefined;
    const [method = "", target = ""] = (await this.#line()).split(" ");
    const headers = new Map<string, string>();
    for (let line = await this.#line(); line !== ""; line = await this.#line()) {
      const colon = line.indexOf(":");
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    return { method, target, headers };
  }

  /** The body of the request whose head came last; to be read to its end. */
  async *body({ headers }: WireRequest): AsyncGenerator<Uint8Array, void> {
    if (headers.get("transfer-encoding")?.toLowerCase() !== "chunked") {
      return yield* this.#exactly(Number(headers.get("content-length") ?? 0));
    }
    for (;;) {
      const size = parseInt(await this.#line(), 16);
      if (!(size >= 0)) throw new RequestCut();
      yield* this.#exactly(size);
      await this.#line();
      if (size === 0) return;
    }
  }

  async *#exactly(length: number): AsyncGenerator<Uint8Array, void> {
    for (let rest = length; rest > 0;) {
      if (this.#buffer.length === 0 && !await this.#fill()) throw new RequestCut();
      const piece = this.#buffer.subarray(0, rest);
      this.#buffer = this.#buffer.subarray(piece.length);
      rest -= piece.length;
      yield piece;
    }
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf(LF);
      if (end >= 0) {
        const line = LATIN1.decode(this.#buffer.subarray(0, end)).replace(/\r$/, "");
        this.#buffer = this.#buffer.subarray(end + 1);
        return line;
      }
      if (!await this.#fill()) throw new RequestCut();
    }
  }

  async #fill(): Promise<boolean> {
    const piece = new Uint8Array(READ_BYTES);
    const count = await this.#connection.read(piece);
    if (count === null) return false;
    const joined = new Uint8Array(this.#buffer.length + count);
    joined.set(this.#buffer);
    joined.set(piece.subarray(0, count), this.#buffer.length);
    this.#buffer = joined;
    return true;
  }
}

const LATIN1 = new TextDecoder("latin1");

/** An answer; `body` is text. */
export interface WireAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection ends after it. */
  readonly isLast?: boolean;
}

export async function sendAnswer(
  connection: Deno.Conn,
  { status, body, headers = {}, isLast = false }: WireAnswer,
): Promise<void> {
  const content = new TextEncoder().encode(body);
  const fields = {
    "content-type": "application/json",
    ...headers,
    "content-length": String(content.length),
    ...(isLast ? { connection: "close" } : {}),
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = new TextEncoder().encode(`HTTP/1.1 ${status} Status\r\n${lines}\r\n`);
  for (const bytes of [head, content]) {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  }
}
