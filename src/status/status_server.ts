import type { Logger } from "../core/env.ts";
import { SyncError, syncErrorOf } from "../core/errors.ts";
import { type Detail, detailFor, type StatusOption } from "./detail.ts";
import { mailboxQueryOf } from "./mailbox_query.ts";
import type { PageFiles } from "./page_files.ts";
import {
  answer,
  methodNotAllowed,
  plainAnswer,
  readyAnswer,
  taggedAnswer,
} from "./status_response.ts";
import type { StatusView } from "./status_view.ts";

/** Metrics in a text format, part by part. */
export interface MetricsExposition {
  exposition(detail: Detail): AsyncIterable<string>;
  /** Media type of the format. */
  readonly type: string;
}

export interface StatusServerOptions {
  /** Port 0: any free one. */
  readonly bind: { readonly host: string; readonly port: number };
  /** Absent: `full` on a loopback address, else `summary`. */
  readonly status?: StatusOption;
  readonly view: StatusView;
  readonly metrics: MetricsExposition;
  /** Absent: there is no page, only its document. */
  readonly page: PageFiles | undefined;
  readonly log: Logger;
}

/** Serves health, metrics and the status page until it is disposed, which ends its connections. */
export interface StatusServer extends AsyncDisposable {
  /** Where it listens. */
  readonly url: URL;
}

const JSON_TYPE = "application/json; charset=utf-8";

/**
 * Begins to serve (spec section 8). Nothing can be changed through it.
 *
 * @throws SyncError of kind `fatal` and code `BindFailed` for an address that cannot be listened on.
 */
export function startStatusServer(options: StatusServerOptions): StatusServer {
  const { bind: { host, port }, log } = options;
  const end = new AbortController();
  const server = listening(() =>
    Deno.serve({
      hostname: host,
      port,
      signal: end.signal,
      onListen: () => undefined,
      onError: (thrown) => {
        const { code, message, hint } = syncErrorOf(thrown);
        log.error("A status request failed.", { code, reason: message, hint });
        return plainAnswer(500, "Internal error");
      },
    }, (request) => respond(request, options)), `${host}:${port}`);
  const shown = server.addr.hostname.includes(":")
    ? `[${server.addr.hostname}]`
    : server.addr.hostname;
  const url = new URL(`http://${shown}:${server.addr.port}/`);
  log.info("Serving health, metrics and status.", { url: url.href });
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      end.abort();
      await server.finished;
    },
  };
}

function listening<T>(serve: () => T, address: string): T {
  try {
    return serve();
  } catch (thrown) {
    throw new SyncError(
      "fatal",
      "BindFailed",
      `Cannot listen on "${address}": ${reasonOf(thrown)}`,
      {
        hint:
          "Give an address of this machine and a free port with --bind HOST:PORT; port 0 takes any",
        cause: thrown,
      },
    );
  }
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof Deno.errors.AddrInUse) return "the port is in use";
  if (thrown instanceof Deno.errors.AddrNotAvailable) return "this machine has no such address";
  if (thrown instanceof Deno.errors.PermissionDenied) return "this account may not use the port";
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function respond(request: Request, options: StatusServerOptions): Response {
  if (request.method !== "GET" && request.method !== "HEAD") return methodNotAllowed();
  const url = URL.parse(request.url);
  if (!url) return plainAnswer(400, "The Host field or the path is not valid");
  const { bind, status, view, metrics } = options;
  const detail = detailFor(status, bind.host, request.headers.get("host") ?? undefined);
  switch (url.pathname) {
    case "/livez":
      return plainAnswer(200, "live");
    case "/readyz":
      return readyAnswer(view.notReady, detail ?? "summary");
    case "/metrics":
      return answer(200, metrics.type, streamOf(metrics.exposition(detail ?? "summary")));
    case "/status.json": {
      if (!detail) break;
      const document = view.document(mailboxQueryOf(url.searchParams), detail);
      return taggedAnswer(request, JSON_TYPE, JSON.stringify(document));
    }
    default:
      if (detail) return pageAnswer(request, url.pathname, options.page);
  }
  return plainAnswer(404, "Not found");
}

function streamOf(parts: AsyncIterable<string>): ReadableStream<Uint8Array> {
  return ReadableStream.from(parts).pipeThrough(new TextEncoderStream());
}

function pageAnswer(request: Request, path: string, page: PageFiles | undefined): Response {
  if (!page) return plainAnswer(404, "Not found");
  switch (path) {
    case "/":
      return taggedAnswer(request, "text/html; charset=utf-8", page.html);
    case "/style.css":
      return taggedAnswer(request, "text/css; charset=utf-8", page.css);
    case "/script.js":
      return taggedAnswer(request, "text/javascript; charset=utf-8", page.js);
    case "/icon.svg":
      return taggedAnswer(request, "image/svg+xml", page.icon);
    default:
      return plainAnswer(404, "Not found");
  }
}
