import { BadRequest, HttpReader, type HttpRequest, writeAll } from "./http_reader.ts";

export interface HttpAnswer {
  readonly status: number;
  /** Several values of one name become several fields. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Known text, or bytes as they are made, which are sent in chunks. */
  readonly body: string | AsyncIterable<Uint8Array>;
  /** Whether every piece of the body is sent as soon as it is there. */
  readonly isLive?: boolean;
}

/** Thrown by a handler or by a body it returned: the connection ends there, in the middle. */
export class ConnectionCut extends Error {
  override readonly name = "ConnectionCut";
}

/** Answers the requests of one connection, one after the other. */
export type ConnectionHandler = (request: HttpRequest) => Promise<HttpAnswer>;

export interface HttpServerOptions {
  readonly listener: Deno.Listener;
  /** Called for every new connection, which it may keep state for. Numbers count from 1. */
  accept(connection: number): ConnectionHandler;
}

export interface HttpServer extends AsyncDisposable {
  readonly port: number;
  /** Connections accepted so far. */
  readonly accepted: number;
}

const ENCODER = new TextEncoder();
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  302: "Found",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  410: "Gone",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/**
 * A small HTTP/1.1 server on bare connections, because a test must be able to see and break them:
 * NTLM signs in connections, not requests, and networks fail in the middle of an answer.
 *
 * Disposing closes everything, and throws if a handler failed with anything but `ConnectionCut`:
 * such a failure is a defect of the simulator and must not look like a flaky client.
 */
export function serveHttp(options: HttpServerOptions): HttpServer {
  return new RunningServer(options);
}

class RunningServer implements HttpServer {
  readonly #options: HttpServerOptions;
  readonly #open = new Map<Deno.Conn, Promise<void>>();
  readonly #defects: unknown[] = [];
  readonly #accepting: Promise<void>;
  #accepted = 0;
  #closed = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#accepting = this.#acceptAll();
  }

  get port(): number {
    return (this.#options.listener.addr as Deno.NetAddr).port;
  }

  get accepted(): number {
    return this.#accepted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#options.listener.close();
    await this.#accepting;
    for (const connection of this.#open.keys()) closeQuietly(connection);
    await Promise.all(this.#open.values());
    if (this.#defects.length > 0) {
      throw new AggregateError(this.#defects, "The simulated server failed");
    }
  }

  async #acceptAll(): Promise<void> {
    while (!this.#closed) {
      let connection: Deno.Conn;
      try {
        connection = await this.#options.listener.accept();
      } catch (error) {
        // A client that gives up during the TLS handshake must not end the server.
        if (this.#closed || error instanceof Deno.errors.BadResource) return;
        continue;
      }
      // Only plain connections have the switch; for TLS see `switchNagleOff`.
      if ("setNoDelay" in connection) (connection as Deno.TcpConn).setNoDelay(true);
      const served = this.#serve(connection, this.#options.accept(++this.#accepted));
      this.#open.set(connection, served.finally(() => this.#open.delete(connection)));
    }
  }

  async #serve(connection: Deno.Conn, handler: ConnectionHandler): Promise<void> {
    const reader = new HttpReader(connection);
    try {
      while (await this.#serveOne(connection, reader, handler)) { /* until either side ends it */ }
    } catch (error) {
      // Reading and writing fail when the client goes away: that is its right.
      if (!isNetworkFailure(error) && !(error instanceof ConnectionCut)) this.#defects.push(error);
    } finally {
      closeQuietly(connection);
    }
  }

  /** Serves the next request; false when there is none, or none may follow. */
  async #serveOne(
    connection: Deno.Conn,
    reader: HttpReader,
    handler: ConnectionHandler,
  ): Promise<boolean> {
    let request: HttpRequest | undefined;
    try {
      request = await reader.next();
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      const answer = { status: error.status, headers: {}, body: error.message };
      await sendAnswer(connection, answer, false);
      return false;
    }
    if (!request) return false;
    const answer = await handler(request);
    const keepAlive = request.keepAlive && !isLast(answer);
    await sendAnswer(connection, answer, keepAlive);
    return keepAlive;
  }
}

/** A handler may end the connection after its answer by saying so in it. */
function isLast({ headers }: HttpAnswer): boolean {
  return Object.entries(headers).some(([name, value]) =>
    name.toLowerCase() === "connection" && String(value).toLowerCase() === "close"
  );
}

async function sendAnswer(
  connection: Deno.Conn,
  { status, headers, body, isLive = false }: HttpAnswer,
  keepAlive: boolean,
): Promise<void> {
  const length = typeof body === "string"
    ? { "Content-Length": String(ENCODER.encode(body).length) }
    : { "Transfer-Encoding": "chunked" };
  const head = headOf(status, { ...headers, ...length, ...(keepAlive ? {} : CLOSE) });
  if (typeof body === "string") {
    await writeAll(connection, ENCODER.encode(head + body));
    return;
  }
  await sendChunks(connection, ENCODER.encode(head), body, isLive ? 1 : PIECE_BYTES);
}

/** Sends in few large pieces: small separate writes wait for each other on the way. */
async function sendChunks(
  connection: Deno.Conn,
  head: Uint8Array,
  body: AsyncIterable<Uint8Array>,
  pieceBytes: number,
): Promise<void> {
  let waiting = head;
  try {
    for await (const chunk of body) {
      if (chunk.length === 0) continue;
      waiting = joined(waiting, ENCODER.encode(`${chunk.length.toString(16)}\r\n`), chunk, CRLF);
      if (waiting.length < pieceBytes) continue;
      await writeAll(connection, waiting);
      waiting = new Uint8Array(0);
    }
  } catch (error) {
    // What came before the cut has left the server: a client sees exactly that much.
    if (error instanceof ConnectionCut) await writeAll(connection, waiting);
    throw error;
  }
  await writeAll(connection, joined(waiting, LAST_CHUNK));
}

const CLOSE = { "Connection": "close" };
const PIECE_BYTES = 64 * 1024;
const CRLF = ENCODER.encode("\r\n");
const LAST_CHUNK = ENCODER.encode("0\r\n\r\n");

function headOf(status: number, headers: HttpAnswer["headers"]): string {
  const fields = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}: ${value}\r\n`)
  );
  return `HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}\r\n${fields.join("")}\r\n`;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function isNetworkFailure(error: unknown): boolean {
  const { BadResource, BrokenPipe, ConnectionAborted, ConnectionReset } = Deno.errors;
  const { Interrupted, InvalidData, NotConnected, UnexpectedEof } = Deno.errors;
  return [
    BadResource,
    BrokenPipe,
    ConnectionAborted,
    ConnectionReset,
    Interrupted,
    InvalidData, // a TLS alert, e.g. from a client that does not trust our certificate
    NotConnected,
    UnexpectedEof,
  ].some((kind) => error instanceof kind);
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error; // closed already
  }
}
