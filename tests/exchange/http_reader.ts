/** One request as it came off the wire. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Names in lower case; several fields of one name joined with ", ". */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** Whether the client wants the connection to live on after the answer. */
  readonly keepAlive: boolean;
}

/** The client sent what a server refuses to read on: answered with `status`, then closed. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";

  constructor(readonly status: number, message: string) {
    super(message);
  }
}

const HEAD_BYTES_MAX = 64 * 1024;
/** `maxAllowedContentLength` of EWS since Exchange 2013. */
const BODY_BYTES_MAX = 67_108_864;
const READ_BYTES = 64 * 1024;
const CONTINUE = new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n");
const LATIN1 = new TextDecoder("latin1");
const NEWLINE = 0x0a;

/** Reads requests from one connection, one after the other (RFC 9112). */
export class HttpReader {
  readonly #connection: Deno.Conn;
  #buffer: Uint8Array = new Uint8Array(0);

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** The next request; undefined when the client has closed the connection between requests. */
  async next(): Promise<HttpRequest | undefined> {
    const start = await this.#startLine();
    if (start === undefined) return undefined;
    const [, method, target, minor] = /^([A-Z]+) (\S+) HTTP\/1\.([01])$/.exec(start) ?? [];
    if (!method || !target) throw new BadRequest(400, "Malformed request line");
    const headers = await this.#headers();
    if (headers.get("expect")?.toLowerCase() === "100-continue") {
      await writeAll(this.#connection, CONTINUE);
    }
    const wishes = headers.get("connection")?.toLowerCase() ?? "";
    return {
      method,
      target,
      headers,
      body: await this.#body(headers),
      keepAlive: minor === "1" ? !wishes.includes("close") : wishes.includes("keep-alive"),
    };
  }

  async #startLine(): Promise<string | undefined> {
    if (this.#buffer.length === 0 && !await this.#fill()) return undefined;
    return await this.#line(HEAD_BYTES_MAX);
  }

  async #headers(): Promise<ReadonlyMap<string, string>> {
    const headers = new Map<string, string>();
    let bytes = 0;
    for (;;) {
      const line = await this.#line(HEAD_BYTES_MAX - bytes);
      if (line === "") return headers;
      bytes += line.length;
      const colon = line.indexOf(":");
      if (colon <= 0) throw new BadRequest(400, "Malformed header field");
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      const earlier = headers.get(name);
      headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
    }
  }

  async #body(headers: ReadonlyMap<string, string>): Promise<Uint8Array> {
    if (headers.get("transfer-encoding")?.toLowerCase() === "chunked") return await this.#chunks();
    const length = Number(headers.get("content-length") ?? 0);
    if (!Number.isSafeInteger(length) || length < 0) throw new BadRequest(400, "Bad length");
    if (length > BODY_BYTES_MAX) throw new BadRequest(413, "Request too large");
    return await this.#exactly(length);
  }

  async #chunks(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let total = 0;
    for (;;) {
      const size = parseInt(await this.#line(1024), 16);
      if (!(size >= 0)) throw new BadRequest(400, "Malformed chunk");
      total += size;
      if (total > BODY_BYTES_MAX) throw new BadRequest(413, "Request too large");
      if (size === 0) break;
      chunks.push(await this.#exactly(size));
      await this.#line(2);
    }
    while (await this.#line(HEAD_BYTES_MAX) !== "") { /* trailers mean nothing here */ }
    return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  }

  /** A line without its end. */
  async #line(limitBytes: number): Promise<string> {
    let searched = 0;
    for (;;) {
      const end = this.#buffer.indexOf(NEWLINE, searched);
      if (end >= 0) return LATIN1.decode(this.#take(end + 1)).replace(/\r?\n$/, "");
      searched = this.#buffer.length;
      if (searched > limitBytes) throw new BadRequest(431, "Line too long");
      await this.#fillOrThrow();
    }
  }

  async #exactly(length: number): Promise<Uint8Array> {
    while (this.#buffer.length < length) await this.#fillOrThrow();
    return this.#take(length);
  }

  #take(length: number): Uint8Array {
    const taken = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }

  async #fillOrThrow(): Promise<void> {
    if (!await this.#fill()) throw new BadRequest(400, "Request cut short");
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

/** Writes all of it: one `write` may take less than it was given. */
export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}
