import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { PlatformBody, PlatformCall, PlatformClient } from "./platform_client.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";
import {
  applianceConfigUrl,
  type ConfigName,
  privateApplianceConfigUrl,
} from "./platform_paths.ts";

/** Codes of a platform that has a configuration under the other of its two addresses, or not at all. */
const ELSEWHERE = new Set(["PlatformConfigMissing", "PlatformPathUnknown"]);

/**
 * A configuration stored on the platform, as the text of the file. Asked for as the guide documents
 * it, then under the private prefix. Rejects with kind `destination` and code
 * `PlatformConfigMissing` or `PlatformForbidden`, and as any call does.
 */
export async function readApplianceConfig(
  client: PlatformClient,
  name: ConfigName,
  options: CallOptions,
): Promise<string> {
  const call = { operation: "GetConfig", method: "GET" } as const;
  return await inEitherPlace(client, name, (url) =>
    client.sendRaw({
      ...call,
      url,
      about: nameOf(name),
      answerBytesMax: PLATFORM_LIMITS.configBytesMax,
    }, options));
}

/**
 * Stores a configuration on the platform: as a form with the field `file`, as the guide documents
 * it, then as plain bytes under the private prefix. Rejects as `readApplianceConfig` does.
 */
export async function writeApplianceConfig(
  client: PlatformClient,
  name: ConfigName,
  text: string,
  options: CallOptions,
): Promise<void> {
  const content = new TextEncoder().encode(text);
  await inEitherPlace(client, name, async (url, isPrivate) => {
    const body = (): PlatformBody =>
      isPrivate ? { contentType: "application/octet-stream", content } : formOf(name, text);
    const call: PlatformCall = {
      operation: "PutConfig",
      method: "PUT",
      url,
      about: nameOf(name),
      body,
    };
    await client.send(call, options);
  });
}

async function inEitherPlace<T>(
  { endpoint }: PlatformClient,
  name: ConfigName,
  ask: (url: URL, isPrivate: boolean) => Promise<T>,
): Promise<T> {
  try {
    return await ask(applianceConfigUrl(endpoint, name), false);
  } catch (thrown) {
    if (!(thrown instanceof SyncError) || !ELSEWHERE.has(thrown.code)) throw thrown;
    return await ask(privateApplianceConfigUrl(endpoint, name), true);
  }
}

/** A form (RFC 7578) whose delimiter is not in the text. */
function formOf({ key }: ConfigName, text: string): PlatformBody {
  let boundary = "reinfer-ews-config";
  while (text.includes(boundary)) boundary += "-";
  const head = `Content-Disposition: form-data; name="file"; filename="${
    encodeURIComponent(key)
  }.json"`;
  const form = `--${boundary}\r\n${head}\r\nContent-Type: application/json\r\n\r\n${text}\r\n` +
    `--${boundary}--\r\n`;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    content: new TextEncoder().encode(form),
  };
}

function nameOf({ owner, key }: ConfigName): string {
  return `${owner}/${key}`;
}
