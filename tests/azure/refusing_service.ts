import type { IdentityServices } from "./identity_services.ts";

/** A Blob service over TLS that refuses everything. */
export interface RefusingService extends AsyncDisposable {
  /** `REINFER_EWS_AZURE_BLOB_ENDPOINT`. */
  readonly endpoint: string;
}

export interface BlobRefusal {
  readonly status: number;
  /** One of the error codes of the service. */
  readonly code: string;
}

/** Starts it on a loopback port, with the certificate of the identity services. */
export function startRefusingService(
  { certificatePem: cert, keyPem: key }: IdentityServices,
  { status, code }: BlobRefusal,
): RefusingService {
  const headers = {
    "x-ms-error-code": code,
    "x-ms-request-id": crypto.randomUUID(),
    "content-type": "application/xml",
  };
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} },
    () => new Response(null, { status, headers }),
  );
  return {
    endpoint: `https://localhost:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
