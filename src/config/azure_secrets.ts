import type { AzureConfig } from "./destination_config.ts";
import { variableOf } from "./environment.ts";

/** Variables that are a secret as they stand. */
const SECRET_VARIABLES = [
  "AZURE_CLIENT_SECRET",
  "AZURE_CLIENT_CERTIFICATE_PASSWORD",
  "AZURE_STORAGE_CONNECTION_STRING",
  "IDENTITY_HEADER",
] as const;

/** The secrets that the environment holds for Azure, for the writer of logs to cut out. */
export function azureSecretsOf(
  { variable, proxyFor, location, endpoint }: AzureConfig,
): readonly string[] {
  const values = SECRET_VARIABLES.map((name) => variableOf(variable, name))
    .filter((value) => value !== undefined);
  const service = endpoint ?? new URL(`https://${location.account}.blob.core.windows.net`);
  const password = proxyFor(service)?.password;
  return [
    ...values,
    ...provingPartsOf(variableOf(variable, "AZURE_STORAGE_CONNECTION_STRING") ?? ""),
    ...(password ? [password.reveal()] : []),
  ];
}

/** What of a connection string could be told without the rest: key, SAS token, its signature. */
function provingPartsOf(connectionString: string): readonly string[] {
  const parts = connectionString.matchAll(/(?:AccountKey|SharedAccessSignature)\s*=\s*([^;]+)/gi);
  return [...parts].flatMap(([, part = ""]) => {
    const signature = /(?:^|[?&])sig=([^&]+)/.exec(part)?.[1];
    return signature === undefined ? [part.trim()] : [part.trim(), signature];
  });
}
