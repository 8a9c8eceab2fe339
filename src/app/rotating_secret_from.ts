import type { ConfiguredSecret } from "../config/configured_secret.ts";
import { readSecretFile } from "../config/environment.ts";
import { readFile } from "../config/read_file.ts";
import { SyncError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { RotatingSecret, type RotatingSecretOptions } from "../http/rotating_secret.ts";

/** A secret as configured; one that came from a file is read from there again where it is refused. */
export function rotatingSecretFrom(
  { value, file }: ConfiguredSecret,
  { onChange, log }: Pick<RotatingSecretOptions, "onChange" | "log">,
): RotatingSecret {
  if (file === undefined) return new RotatingSecret(value);
  const read = async () => {
    const content = await readSecretFile(file, readFile);
    if ("value" in content) return new Secret(content.value);
    throw new SyncError("mailbox", "SecretFileInvalid", `Secret file "${file}" ${content.fault}`, {
      hint: "Put the secret, and nothing else, into this file",
    });
  };
  return new RotatingSecret(value, { read, onChange, log });
}
