import { HttpReader, type HttpRequest, writeAll } from "../exchange/http_reader.ts";

/**
 * What happens to a request on its way. `cut-before`: the connection breaks and the service never sees
 * it; `cut-after`: the service does it, and the connection breaks before its answer; `cut-within`: in
 * the middle of the answer. An answer takes the service's place.
 */
export type Fault =
  | "cut-before"
  | "cut-after"
  | "cut-within"
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Does not go on before it is resolved. */
  | { readonly until: Promise<void> };

export interface FaultyProxy extends AsyncDisposable {
  /** In place of the endpoint it leads to. */
  readonly endpoint: string;
  /** Every request that came, as `PUT name?comp=block`, names as they are in the URL. */
  readonly requests: readonly string[];
  /** Asked for every request, in order; absent: all goes well. */
  fault: ((request: HttpRequest, number: number) => Fault | undefined) | undefined;
}

/** A server between a client and the emulator, which breaks what it is told to. Plain http. */
export function startFaultyProxy(endpoint: string): FaultyProxy {
  return new RunningProxy(new URL(endpoint));
}

const ENCODER = new TextEncoder();
/** Of the connection it came over, and no business of whoever it is passed on to. */
const OF_THE_CONNECTION = new Set(["connection", "keep-alive", "transfer-encoding", "host"]);

class RunningProxy implements FaultyProxy {
  readonly endpoint: string;
  readonly requests: string[] = [];
  fault: FaultyProxy["fault"];
  readonly #target: URL;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #client = Deno.createHttpClient({});
  readonly #open = new Set<Deno.Conn>();
  readonly #serving: Promise<void>;

  constructor(target: URL) {
    this.#target = target;
    this.endpoint = `http://127.0.0.1:${this.#listener.addr.port}${target.pathname}`;
    this.#serving = this.#acceptAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    await this.#serving;
    this.#client.close();
  }

  async #acceptAll(): Promise<void> {
    const served: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#open.add(connection);
      served.push(this.#serve(connection).finally(() => this.#open.delete(connection)));
    }
    await Promise.all(served);
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    connection.setNoDelay(true);
    const reader = new HttpReader(connection);
    try {
      for (;;) {
        const request = await reader.next();
        if (!request || !await this.#serveOne(connection, request)) break;
      }
    } catch {
      // Either side may go away at any time: that is what this server is for.
    } finally {
      close(connection);
    }
  }

  /** Whether the connection lives on. */
  async #serveOne(connection: Deno.Conn, request: HttpRequest): Promise<boolean> {
    const below = request.target.slice(this.#target.pathname.length);
    const number = this.requests.push(`${request.method} ${below}`);
    const fault = this.fault?.(request, number);
    if (fault === "cut-before") return false;
    if (typeof fault === "object" && "until" in fault) await fault.until;
    if (typeof fault === "object" && "status" in fault) {
      await writeAll(connection, ENCODER.encode(headOf(fault.status, fault.headers ?? {}, 0)));
      return true;
    }
    const answer = await this.#passedOn(request);
    if (fault === "cut-after") return false;
    const head = ENCODER.encode(answer.head);
    const whole = new Uint8Array([...head, ...answer.body]);
    await writeAll(connection, fault === "cut-within" ? whole.subarray(0, -1) : whole);
    return fault !== "cut-within";
  }

  async #passedOn({ method, target, headers, body }: HttpRequest) {
    const passed = [...headers].filter(([name]) => !OF_THE_CONNECTION.has(name));
    const response = await fetch(new URL(target, this.#target), {
      method,
      headers: passed,
      client: this.#client,
      redirect: "manual",
      ...(method === "GET" || method === "HEAD" ? {} : { body: body as BodyInit }),
    });
    const bytes = await response.bytes();
    const fields = [...response.headers].filter(([name]) =>
      !OF_THE_CONNECTION.has(name) && name !== "content-length"
    );
    const length = method === "HEAD"
      ? Number(response.headers.get("content-length") ?? 0)
      : bytes.byteLength;
    return { head: headOf(response.status, Object.fromEntries(fields), length), body: bytes };
  }
}

function headOf(
  status: number,
  headers: Readonly<Record<string, string>>,
  length: number,
): string {
  const fields = Object.entries({ ...headers, "content-length": String(length) })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Status\r\n${fields.join("")}\r\n`;
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It was closed already.
  }
}
