import type { ContainerClient } from "@azure/storage-blob";
import type { HttpTransport } from "../http/transport.ts";
import type { BlobCredential } from "./blob_credential.ts";
import type { BlobAnswer } from "./blob_errors.ts";
import { BlobHttpClient } from "./blob_http_client.ts";

export interface ContainerClientOptions {
  /** Of the account, e.g. `https://ACCOUNT.blob.core.windows.net`. */
  readonly endpoint: URL;
  readonly account: string;
  readonly container: string;
  readonly credential: BlobCredential;
  /** Adds the access token where the credential is one. */
  readonly transport: HttpTransport;
  readonly refused: (answer: BlobAnswer) => Error;
  /** Of this program, for the service's own logs. */
  readonly programVersion: string;
}

/**
 * The SDK's client for one container, over our transport and without its own retries, redirects and
 * token handling. It is loaded here and not before: who stores elsewhere does without it.
 */
export async function openContainerClient(
  options: ContainerClientOptions,
): Promise<ContainerClient> {
  const sdk = await import("@azure/storage-blob");
  const { endpoint, account, container, credential, transport, refused } = options;
  const signer = credential.kind === "key"
    ? new sdk.StorageSharedKeyCredential(account, credential.accountKey.reveal())
    : new sdk.AnonymousCredential();
  const pipelineOptions = {
    httpClient: new BlobHttpClient(transport, refused),
    retryOptions: { maxTries: 1 },
    redirectOptions: { maxRetries: 0 },
    userAgentOptions: { userAgentPrefix: `reinfer-ews/${options.programVersion}` },
  };
  const pipeline = sdk.newPipeline(signer, pipelineOptions);
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${container}`;
  if (credential.kind === "sas") url.search = credential.token.reveal();
  return new sdk.ContainerClient(url.href, pipeline);
}
