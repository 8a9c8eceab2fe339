import type { ExchangeConfig } from "../config/app_config.ts";
import type { Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { CredentialGate } from "../http/credential_gate.ts";
import { createNtlmTransport, type NtlmTransport } from "../http/ntlm_transport.ts";
import { tlsRootsOf } from "../http/tls_roots.ts";

/**
 * The connections to Exchange that the configuration asks for; `gate` is the one of the process.
 *
 * @throws SyncError of kind `fatal`, code `CaFileInvalid`, for an unusable `ews_ssl_ca_file`.
 */
export async function openTransport(
  { endpoint, auth, tls }: ExchangeConfig,
  { clock }: Env,
  gate: CredentialGate,
): Promise<NtlmTransport> {
  return createNtlmTransport({
    endpoint,
    user: auth.user,
    password: auth.password,
    gate,
    trust: { verify: tls.verify, extraRoots: await extraRoots(tls.caFile) },
    clock,
  });
}

async function extraRoots(caFile: string | undefined): Promise<readonly string[]> {
  if (caFile === undefined) return [];
  let pem: string;
  try {
    pem = await Deno.readTextFile(caFile);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyncError("fatal", "CaFileInvalid", `CA file "${caFile}" cannot be read: ${reason}`, {
      hint: "Name a readable PEM file in `ews_ssl_ca_file`",
      cause,
    });
  }
  return tlsRootsOf(pem);
}
