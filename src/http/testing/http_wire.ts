/** A request as it lies on the wire. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Reads requests off a connection, one after the other. */
export class WireReader {
  readonly #conn: Deno.Conn;
  /** One character per byte: enough for what tests send. */
  #unread = "";

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** The next request, or nothing at the end of the connection. */
  async next(): Promise<WireRequest | undefined> {
    if (!await this.#fill(() => this.#unread.includes("\r\n\r\n"))) return undefined;
    const end = this.#unread.indexOf("\r\n\r\n");
    const [first = "", ...fields] = this.#unread.slice(0, end).split("\r\n");
    this.#unread = this.#unread.slice(end + 4);
    const [method = "", path = ""] = first.split(" ");
    const headers = new Map(fields.map((field) => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }));
    const length = Number(headers.get("content-length") ?? 0);
    if (!await this.#fill(() => this.#unread.length >= length)) return undefined;
    const body = this.#unread.slice(0, length);
    this.#unread = this.#unread.slice(length);
    return { method, path, headers, body };
  }

  async #fill(enough: () => boolean): Promise<boolean> {
    const buffer = new Uint8Array(16_384);
    while (!enough()) {
      const count = await this.#conn.read(buffer);
      if (count === null) return false;
      this.#unread += String.fromCharCode(...buffer.subarray(0, count));
    }
    return true;
  }
}

/** A response; without a length of its own, `content-length` is that of `body`. */
export interface WireResponse {
  readonly status: number;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
  /** Announces this many bytes, whatever `body` holds. */
  readonly contentLength?: number;
}

export function encodeResponse({ status, headers = [], body = "", contentLength }: WireResponse) {
  const bytes = new TextEncoder().encode(body);
  const fields = [...headers, ["content-length", String(contentLength ?? bytes.length)]];
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return new TextEncoder().encode(`HTTP/1.1 ${status} Status\r\n${head}\r\n${body}`);
}

export async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}
