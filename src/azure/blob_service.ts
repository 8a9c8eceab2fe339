import type { ContainerClient } from "@azure/storage-blob";
import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { ConnectionPoolOptions, PooledTransport } from "../http/connection_pool.ts";
import { addressOf } from "../http/network_error.ts";
import { createOauthTransport } from "../http/oauth_transport.ts";
import type { HttpProxy } from "../http/proxy.ts";
import type { BlobAccess } from "./blob_credential.ts";
import { type BlobErrorContext, blobErrorOf, unreachableOf } from "./blob_errors.ts";
import { ContainerCalls } from "./container_calls.ts";
import { openContainerClient } from "./container_client.ts";
import { PlainTransport } from "./plain_transport.ts";

/** A container, or a part of it: `az://ACCOUNT/CONTAINER[/PREFIX]`. */
export interface AzureLocation {
  readonly account: string;
  readonly container: string;
  /** Without slashes at its ends; empty: all of the container. */
  readonly prefix: string;
}

export interface BlobServiceOptions {
  readonly location: AzureLocation;
  /** In place of `https://ACCOUNT.blob.core.windows.net` and of what a credential says. */
  readonly endpoint?: URL;
  /** Opens the credential; throws a `SyncError` if it cannot be one. Called until it works. */
  readonly access: () => BlobAccess;
  /** The proxy through which a URL is reached. */
  readonly proxyFor: (url: URL) => HttpProxy | undefined;
  /** PEM certificates trusted on top of the roots of the process. */
  readonly caCerts: readonly string[];
  readonly programVersion: string;
  readonly env: Env;
}

/** How one kind of calls goes to the service. */
interface Line {
  readonly connectionsMax: number;
  /** Until the connection is there, and until a response head, ms. */
  readonly connectMsMax: number;
  readonly headersMsMax: number;
  readonly attemptsMax: number;
}

/** A block of a MiB has a minute: a line slower than 20 KB/s is none to run this over. */
const CONTENT_LINE: Line = {
  connectionsMax: LIMITS.fileCallsInFlight,
  connectMsMax: LIMITS.connectMsMax,
  headersMsMax: 60_000,
  attemptsMax: 4,
};
/** A lease has a minute, and whoever keeps it tries again. */
const RENEWAL_LINE: Line = {
  connectionsMax: 4,
  connectMsMax: 10_000,
  headersMsMax: 10_000,
  attemptsMax: 1,
};

/** One container of a storage account: credential, connections, and what its errors say. */
export class BlobService implements AsyncDisposable {
  readonly #options: BlobServiceOptions;
  readonly #transports: PooledTransport[] = [];
  #access: BlobAccess | undefined;

  constructor(options: BlobServiceOptions) {
    this.#options = options;
  }

  /** Every call but renewals. */
  contentCalls(): ContainerCalls {
    return this.#calls(CONTENT_LINE);
  }

  /** Calls that renew leases, over connections of their own: they must not wait for uploads. */
  renewalCalls(): ContainerCalls {
    return this.#calls(RENEWAL_LINE);
  }

  /** How requests have proved who they come from, for people; nothing before the first did. */
  signedInWith(): string | undefined {
    const credential = this.#access?.credential;
    switch (credential?.kind) {
      case "key":
        return "account key";
      case "sas":
        return "SAS token";
      case "token":
        return credential.way();
      case undefined:
        return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const transport of this.#transports) await transport.close();
    const credential = this.#access?.credential;
    if (credential?.kind === "token") await credential.tokens[Symbol.asyncDispose]();
  }

  #calls(line: Line): ContainerCalls {
    const { location, env } = this.#options;
    let opened: Promise<ContainerClient> | undefined;
    const client = ({ signal }: CallOptions) => {
      signal.throwIfAborted();
      opened ??= this.#open(line).catch((thrown) => {
        opened = undefined;
        throw thrown;
      });
      return opened;
    };
    return new ContainerCalls({
      client,
      given: (error) => unreachableOf(error, this.#context()),
      prefix: location.prefix,
      env,
      attemptsMax: line.attemptsMax,
    });
  }

  async #open(line: Line): Promise<ContainerClient> {
    const { location, proxyFor, caCerts, env, programVersion } = this.#options;
    this.#access ??= this.#options.access();
    const { credential } = this.#access;
    const endpoint = this.#endpoint();
    checkEncrypted(endpoint);
    const proxy = proxyFor(endpoint);
    const { connectionsMax, connectMsMax, headersMsMax } = line;
    const pool: ConnectionPoolOptions = {
      endpoint,
      trust: { verify: true, extraRoots: caCerts },
      // `ews_ssl_ca_file` and the like have no say in these connections.
      hasOwnSettings: false,
      clock: env.clock,
      ...{ connectionsMax, connectMsMax, headersMsMax },
      ...(proxy ? { proxy } : {}),
    };
    const transport = credential.kind === "token"
      ? createOauthTransport({ ...pool, tokens: credential.tokens })
      : new PlainTransport(pool);
    this.#transports.push(transport);
    const { account, container } = location;
    return await openContainerClient({
      ...{ endpoint, account, container, credential, transport, programVersion },
      refused: (answer) => blobErrorOf(answer, this.#context()),
    });
  }

  #endpoint(): URL {
    const { endpoint, location } = this.#options;
    return endpoint ?? this.#access?.endpoint ??
      new URL(`https://${location.account}.blob.core.windows.net`);
  }

  #context(): BlobErrorContext {
    const { location: { account, container }, env } = this.#options;
    const credential = this.#access?.credential;
    const principal = credential?.kind === "token" ? credential.principal() : undefined;
    const sasExpiry = credential?.kind === "sas" ? credential.expiry : undefined;
    return {
      place: {
        account,
        container,
        credential: credential?.kind ?? "token",
        ...(principal === undefined ? {} : { principal }),
      },
      address: addressOf(this.#endpoint()),
      now: env.clock.now(),
      ...(sasExpiry === undefined ? {} : { sasExpiry }),
    };
  }
}

/** Emails and credentials travel over TLS, or do not leave this machine. */
function checkEncrypted(endpoint: URL): void {
  const isLocal = /^(?:localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\])$/.test(endpoint.hostname);
  if (endpoint.protocol === "https:" || isLocal) return;
  throw new SyncError(
    "destination",
    "BlobEndpointUnencrypted",
    `Nothing was sent to "${addressOf(endpoint)}": emails would travel unencrypted over http`,
    { hint: "Let the endpoint of the storage account begin with https://" },
  );
}
