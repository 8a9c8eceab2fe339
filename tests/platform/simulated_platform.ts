import { createHash } from "node:crypto";
import type { CertificateWithKey } from "../../src/http/testing/certificates.ts";
import type { BucketName } from "../../src/core/mailbox.ts";
import {
  RequestCut,
  RequestReader,
  sendAnswer,
  type WireAnswer,
  type WireRequest,
} from "./http_wire.ts";
import { PlatformLedger } from "./platform_ledger.ts";

/** What happens to a request instead of, or beside, what it asks for. */
export type PlatformFault =
  /** Answered so, and nothing else happens. `body` default: an error envelope with `message`. */
  | {
    readonly kind: "status";
    readonly status: number;
    readonly message?: string;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  }
  /** The connection is cut before anything is stored, or after all of it is. */
  | { readonly kind: "reset"; readonly when: "before" | "after" }
  /** Answered with this status as soon as the head is read, and the connection closed. */
  | { readonly kind: "early"; readonly status: number; readonly message?: string }
  /** Nothing happens until then. */
  | { readonly kind: "slow"; readonly until: Promise<void> };

/** A request as faults and tests see it. */
export interface PlatformRequestSeen {
  readonly method: string;
  /** Decoded, below the API's prefix. */
  readonly segments: readonly string[];
  readonly target: string;
  readonly headers: ReadonlyMap<string, string>;
}

export interface SimulatedBucket {
  readonly id: string;
  readonly name: string;
  lastUpdatedBy?: unknown;
}

export interface SimulatedPlatformOptions {
  /** Path before `/api`, e.g. `/org/tenant/reinfer_`; default none. */
  readonly basePath?: string;
  /** Default `api/_private`. */
  readonly prefix?: string;
  /** 0, the default: one that is free. Always on the loopback interface. */
  readonly port?: number;
  readonly buckets?: readonly BucketName[];
  /** Absent: plain HTTP. */
  readonly certificate?: CertificateWithKey;
}

/**
 * The platform's API as far as the contract tells (facts A.2), over real sockets, with a ledger of
 * all that happened and faults on command. Disposing ends it.
 */
export class SimulatedPlatform implements AsyncDisposable {
  readonly ledger = new PlatformLedger();
  readonly buckets = new Map<string, SimulatedBucket>();
  /** By bucket id and state key, joined with a line end. */
  readonly states = new Map<string, Record<string, unknown>>();
  /** By full name of the bucket. */
  readonly bucketSyncStates = new Map<string, Record<string, unknown>>();
  /** By `owner/key`. */
  readonly configs = new Map<string, string>();
  /** Who may do anything; replaced to revoke it. */
  token = "token-of-the-simulation";
  /** A larger body is refused with 413. */
  bodyBytesMax = Infinity;
  /** Emails that the platform does not take: 400, which names them. */
  readonly poisonIds = new Set<string>();
  /** Emails that the platform does not get over: 500, whatever else is in the request. */
  readonly brokenIds = new Set<string>();
  /** Asked for every request. */
  intercept: ((request: PlatformRequestSeen) => PlatformFault | undefined) | undefined;
  /** Whether configurations are at the documented address, or under the private prefix. */
  configsAt: "documented" | "private" = "documented";
  /** What is said of an attachment's hash; default: its SHA-256. */
  contentHashOf: ((bytes: Uint8Array) => string) | undefined;
  readonly #certificate: CertificateWithKey | undefined;
  readonly #port: number;
  readonly #basePath: string;
  readonly #prefix: string;
  readonly #open = new Map<Deno.Conn, Promise<void>>();
  readonly #defects: unknown[] = [];
  #listening: AsyncDisposable;

  constructor(
    { basePath = "", prefix = "api/_private", port = 0, buckets = [], certificate }:
      SimulatedPlatformOptions = {},
  ) {
    this.#basePath = basePath;
    this.#prefix = prefix;
    for (const bucket of buckets) this.addBucket(bucket);
    this.#certificate = certificate;
    const listener = this.#listener(port);
    this.#port = (listener.addr as Deno.NetAddr).port;
    this.#listening = this.#listen(listener);
  }

  /** What `--reinfer-api-endpoint` is set to. */
  get endpoint(): string {
    const scheme = this.#certificate ? "https" : "http";
    return `${scheme}://localhost:${this.#port}${this.#basePath}/api/`;
  }

  addBucket({ owner, name }: BucketName): SimulatedBucket {
    const fullName = `${owner}/${name}`;
    const id = createHash("sha256").update(fullName).digest("hex").slice(0, 16);
    const bucket = { id, name: fullName };
    this.buckets.set(fullName, bucket);
    return bucket;
  }

  /** The keyed sync states of a bucket. */
  statesOf(bucketId: string): readonly Record<string, unknown>[] {
    return [...this.states].filter(([key]) => key.startsWith(`${bucketId}\n`)).map(([, one]) =>
      one
    );
  }

  /** Closes every connection now, as a restart does. */
  cutConnections(): void {
    for (const connection of this.#open.keys()) closeQuietly(connection);
  }

  /** Is out until `start`, as a process that has ended: connections are refused; what it holds stays. */
  async stop(): Promise<void> {
    await this.#listening[Symbol.asyncDispose]();
    this.cutConnections();
    await Promise.all(this.#open.values());
  }

  /** Is there again after `stop`, at the same endpoint. */
  start(): void {
    this.#listening = this.#listen(this.#listener(this.#port));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    if (this.#defects.length > 0) throw new AggregateError(this.#defects, "The simulation failed");
  }

  #listener(port: number): Deno.Listener {
    const address = { hostname: "127.0.0.1", port };
    return this.#certificate
      ? Deno.listenTls({ ...address, cert: this.#certificate.pem, key: this.#certificate.keyPem })
      : Deno.listen(address);
  }

  #listen(listener: Deno.Listener): AsyncDisposable {
    const accepting = this.#accept(listener);
    return {
      [Symbol.asyncDispose]: async () => {
        closeQuietly(listener);
        await accepting;
      },
    };
  }

  async #accept(listener: Deno.Listener): Promise<void> {
    for (;;) {
      const connection = await listener.accept().catch(() => undefined);
      if (!connection) return;
      if ("setNoDelay" in connection) (connection as Deno.TcpConn).setNoDelay(true);
      const served = this.#serve(connection).finally(() => {
        closeQuietly(connection);
        this.#open.delete(connection);
      });
      this.#open.set(connection, served);
    }
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    const reader = new RequestReader(connection);
    try {
      for (let request = await reader.next(); request; request = await reader.next()) {
        const answer = await this.#answer(request, reader);
        this.#note(request, answer?.status ?? 0);
        if (!answer) return;
        await sendAnswer(connection, answer);
        if (answer.isLast) return;
      }
    } catch (error) {
      if (!(error instanceof RequestCut) && !isNetworkFailure(error)) this.#defects.push(error);
    }
  }

  #note({ method, target }: WireRequest, status: number): void {
    this.ledger.requests.push({ method, path: target, status });
  }

  /** Nothing: the connection is cut. */
  async #answer(request: WireRequest, reader: RequestReader): Promise<WireAnswer | undefined> {
    const seen = this.#seen(request);
    const fault = this.intercept?.(seen);
    if (fault?.kind === "early") return { ...failure(fault.status, fault.message), isLast: true };
    const body = await this.#body(request, reader);
    if (fault?.kind === "slow") await fault.until;
    if (fault?.kind === "reset" && fault.when === "before") return undefined;
    if (fault?.kind === "status") {
      const { status, message, headers = {} } = fault;
      return { ...failure(status, message), headers, ...(fault.body ? { body: fault.body } : {}) };
    }
    const answer = body ? this.#handle(seen, body) : failure(413, "Body too large");
    return fault?.kind === "reset" ? undefined : answer;
  }

  async #body(request: WireRequest, reader: RequestReader): Promise<Uint8Array | undefined> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of reader.body(request)) {
      bytes += piece.length;
      if (bytes <= this.bodyBytesMax) pieces.push(piece);
    }
    if (bytes > this.bodyBytesMax) return undefined;
    return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
  }

  #seen({ method, target, headers }: WireRequest): PlatformRequestSeen {
    const [path = ""] = target.split("?");
    const below = path.startsWith(`${this.#basePath}/`)
      ? path.slice(this.#basePath.length + 1)
      : "";
    // `owner%2Fname` and `keyed-sync-states%2F` are sent by some clients as one segment.
    const segments = below.split("/").flatMap((segment, at) => {
      const decoded = decodeURIComponent(segment);
      return at < 5 && !decoded.startsWith("<") ? decoded.split("/") : [decoded];
    });
    return { method, segments, target, headers };
  }

  #handle(seen: PlatformRequestSeen, body: Uint8Array): WireAnswer {
    if (seen.headers.get("authorization") !== `Bearer ${this.token}`) {
      return failure(401, "Unauthorized");
    }
    const path = seen.segments.join("/");
    if (this.configsAt === "documented" && path.startsWith("api/v1/appliance-configs/")) {
      return this.#config(seen, seen.segments.slice(3), body);
    }
    if (!path.startsWith(`${this.#prefix}/`)) return failure(404, "Not found");
    const segments = path.slice(this.#prefix.length + 1).split("/");
    if (this.configsAt === "private" && segments[0] === "appliance-configs") {
      return this.#config(seen, segments.slice(1), body);
    }
    if (segments[0] === "bucket-sync-state") return this.#bucketSyncState(seen, segments, body);
    if (segments[0] === "buckets") return this.#bucketPath(seen, segments.slice(1), body);
    return failure(404, "Not found");
  }

  #config(
    { method, headers }: PlatformRequestSeen,
    [owner = "", key = ""]: readonly string[],
    body: Uint8Array,
  ): WireAnswer {
    const name = `${owner}/${key}`;
    if (method === "PUT") {
      const type = headers.get("content-type") ?? "";
      const file = type.startsWith("multipart/") ? fileOf(type, body) : body;
      this.configs.set(name, new TextDecoder().decode(file));
      return success({ changes: [] });
    }
    const config = this.configs.get(name);
    if (config === undefined) return failure(404, "No such config");
    return { status: 200, body: config, headers: { "content-type": "application/octet-stream" } };
  }

  #bucketSyncState(
    { method }: PlatformRequestSeen,
    [, owner = "", name = ""]: readonly string[],
    body: Uint8Array,
  ): WireAnswer {
    const fullName = `${owner}/${name}`;
    if (method === "PUT") {
      this.bucketSyncStates.set(fullName, jsonOf(body)["bucket_sync_state"] as never);
      return success({});
    }
    const state = this.bucketSyncStates.get(fullName);
    return state ? success({ bucket_sync_state: state }) : failure(404, "No such state");
  }

  #bucketPath(
    seen: PlatformRequestSeen,
    [first = "", ...others]: readonly string[],
    body: Uint8Array,
  ): WireAnswer {
    const isById = first.startsWith("id:");
    const bucket = isById
      ? [...this.buckets.values()].find(({ id }) => `id:${id}` === first)
      : this.buckets.get(`${first}/${others[0]}`);
    if (!bucket) return failure(404, "No such bucket");
    const [what = "", ...rest] = isById ? others : others.slice(1);
    switch (what) {
      case "":
        return this.#bucket(seen, bucket, body);
      case "emails":
        return rest.length > 0
          ? this.#attachment(seen, bucket, body)
          : this.#emails(seen, bucket, body);
      case "keyed-sync-states":
        return success({ keyed_sync_states: this.statesOf(bucket.id) });
      case "keyed-sync-state":
        return this.#state(seen, `${bucket.id}\n${rest[0]}`, body);
      default:
        return failure(404, "Not found");
    }
  }

  #bucket({ method }: PlatformRequestSeen, bucket: SimulatedBucket, body: Uint8Array): WireAnswer {
    if (method === "POST") {
      const { last_updated_by } = jsonOf(body)["bucket"] as { last_updated_by?: unknown };
      bucket.lastUpdatedBy = last_updated_by;
    }
    const [owner, name] = bucket.name.split("/");
    return success({ bucket: { id: bucket.id, owner, name, title: name } });
  }

  #emails(seen: PlatformRequestSeen, { id, name }: SimulatedBucket, body: Uint8Array): WireAnswer {
    if (seen.method === "GET") {
      const wanted = new URLSearchParams(seen.target.split("?")[1] ?? "").get("id") ?? "";
      const email = this.ledger.emails.get(id)?.get(wanted);
      return success({ emails: email ? [{ ...email, mime_content: email.mime ?? "" }] : [] });
    }
    const { emails } = jsonOf(body) as { emails: readonly Record<string, unknown>[] };
    const ids = emails.map((email) => String(email["id"]));
    const poison = ids.find((one) => this.poisonIds.has(one));
    if (poison !== undefined) return failure(400, `Email ${poison} is malformed`);
    if (ids.some((one) => this.brokenIds.has(one))) return failure(500, "Internal error");
    if (new Set(ids).size < ids.length) return failure(400, "Duplicate ids in one request");
    if (new TextDecoder().decode(body).includes("\\u0000")) return failure(400, "NUL in text");
    for (const email of emails) this.ledger.store(id, email);
    if (ids.length > 0) this.ledger.puts.push({ bucket: name, ids, bytes: body.length });
    return success({});
  }

  #attachment(seen: PlatformRequestSeen, { id }: SimulatedBucket, body: Uint8Array): WireAnswer {
    const [emailId = "", , number = ""] = seen.target.split("/emails/")[1]!.split("/");
    const email = this.ledger.emails.get(id)?.get(decodeURIComponent(emailId));
    if (!email || !(Number(number) < email.attachments.length)) {
      return failure(404, "No such email");
    }
    const file = fileOf(seen.headers.get("content-type") ?? "", body);
    const sha256 = createHash("sha256").update(file).digest("hex");
    const name = [id, email.id, number].join("\n");
    this.ledger.attachments.set(name, { sha256, sizeBytes: file.length });
    return success({ content_hash: this.contentHashOf?.(file) ?? sha256 });
  }

  #state({ method }: PlatformRequestSeen, key: string, body: Uint8Array): WireAnswer {
    const state = this.states.get(key);
    switch (method) {
      case "PUT":
        this.states.set(key, jsonOf(body)["keyed_sync_state"] as Record<string, unknown>);
        return success({});
      case "DELETE":
        return this.states.delete(key) ? success({}) : failure(404, "No such state");
      default:
        return state ? success({ keyed_sync_state: state }) : failure(404, "No such state");
    }
  }
}

function success(fields: object): WireAnswer {
  return { status: 200, body: JSON.stringify({ status: "ok", ...fields }) };
}

function failure(status: number, message = "Simulated failure"): WireAnswer {
  return { status, body: JSON.stringify({ status: "error", message }) };
}

function jsonOf(body: Uint8Array): Record<string, unknown> {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
}

/** The field `file` of a form. */
function fileOf(contentType: string, body: Uint8Array): Uint8Array {
  const boundary = /boundary=(\S+)/.exec(contentType)?.[1] ?? "";
  const text = new TextDecoder("latin1").decode(body);
  const begin = text.indexOf("\r\n\r\n") + 4;
  const end = text.lastIndexOf(`\r\n--${boundary}--`);
  if (!/name="file"/.test(text.slice(0, begin))) throw new Error("The form has no field `file`");
  return body.subarray(begin, end);
}

function isNetworkFailure(error: unknown): boolean {
  const { BadResource, BrokenPipe, ConnectionAborted, ConnectionReset } = Deno.errors;
  const { Interrupted, InvalidData, UnexpectedEof } = Deno.errors;
  // Invalid data: a TLS alert of a client that does not trust our certificate.
  return [
    BadResource,
    BrokenPipe,
    ConnectionAborted,
    ConnectionReset,
    Interrupted,
    InvalidData,
    UnexpectedEof,
  ]
    .some((kind) => error instanceof kind);
}

function closeQuietly(resource: Pick<Deno.Conn, "close">): void {
  try {
    resource.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
