import { Openssl } from "../openssl/openssl.ts";

const FOLDERS = [`/usr/lib/${Deno.build.arch}-linux-gnu/`, "/usr/lib64/", "/usr/lib/"] as const;

let loaded: Openssl | undefined;

/** OpenSSL's libraries as this machine has them, beside its `openssl` program. */
export function opensslOfSystem(): Openssl {
  loaded ??= Openssl.load(new URL(`file://${folderOfSystem()}`));
  return loaded;
}

/** Where this machine keeps the libraries. */
export function folderOfSystem(): string {
  const found = FOLDERS.find((folder) => {
    try {
      return Deno.statSync(`${folder}libssl.so.3`).isFile;
    } catch {
      return false; // the next may have it
    }
  });
  if (found === undefined) throw new Error("This machine has no libssl.so.3");
  return found;
}
