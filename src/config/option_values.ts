import { isIP } from "node:net";
import { parseJson } from "./json_text.ts";

/** Where `--bind` listens. */
export interface BindAddress {
  /** A name or IP address, an IPv6 one without brackets. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** `az://ACCOUNT/CONTAINER[/PREFIX]`. */
export interface AzureLocation {
  readonly account: string;
  readonly container: string;
  /** Without slash at either end; "" if there is none. */
  readonly prefix: string;
}

const PORT_MAX = 65_535;
const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_-]+)*\.?$/;

/** A whole number in decimal digits from `min` to `max`, or undefined. */
export function wholeNumberOf(text: string, min: number, max: number): number | undefined {
  if (!/^[0-9]{1,15}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= min && number <= max ? number : undefined;
}

/** A host name (not checked to exist) or an IP address without brackets. */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || HOST_NAME.test(text);
}

/** `HOST:PORT`, an IPv6 host in brackets. */
export function bindAddressOf(text: string): BindAddress | undefined {
  const [, bracketed, plain, digits = ""] = /^(?:\[(.*)\]|([^:]*)):([0-9]+)$/.exec(text) ?? [];
  const port = wholeNumberOf(digits, 0, PORT_MAX);
  if (port === undefined) return undefined;
  if (bracketed !== undefined) {
    return isIP(bracketed) === 6 ? { host: bracketed, port } : undefined;
  }
  return plain !== undefined && isHost(plain) ? { host: plain, port } : undefined;
}

/**
 * The place of `--private-file-prefix` (spec section 5; container names as in Azure's "Naming and
 * referencing containers, blobs, and metadata"). One final slash is ignored.
 */
export function azureLocationOf(text: string): AzureLocation | undefined {
  const [, account, container, rest = ""] =
    /^az:\/\/([a-z0-9]{3,24})\/([^/]+)(?:\/(.*))?$/s.exec(text) ?? [];
  if (account === undefined || container === undefined || !isContainerName(container)) {
    return undefined;
  }
  const prefix = rest.replace(/\/$/, "");
  return prefix === "" || isBlobPrefix(prefix) ? { account, container, prefix } : undefined;
}

function isContainerName(name: string): boolean {
  return /^[a-z0-9](-?[a-z0-9]){2,62}$/.test(name) && name.length <= 63;
}

/** Leaves room for the names below it in the 1,024 characters of a blob name. */
const BLOB_PREFIX_CHARACTERS_MAX = 256;

function isBlobPrefix(prefix: string): boolean {
  return prefix.length <= BLOB_PREFIX_CHARACTERS_MAX &&
    prefix.split("/").every((part) => /^[^\p{C}\\?#%]+$/u.test(part) && !/^\.+$/.test(part));
}

/** `--remote-config-owner` and `--remote-config-key`: becomes a part of a path. */
export function configNameOf(text: string): string | undefined {
  return /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,256}$/.test(text) ? text : undefined;
}

/** A path of the file system as given; anything but nothing and NUL. */
export function filePathOf(text: string): string | undefined {
  return text !== "" && !text.includes("\0") ? text : undefined;
}

/** `--reinfer-api-prefix`: an absolute URL path without anything to encode. */
export function urlPathOf(text: string): string | undefined {
  return /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]+)+\/?$/.test(text) ? text : undefined;
}

/**
 * `--folder`: names from the top-level folder down with "/" between them, or a JSON array of them,
 * as a name may hold a "/". A name may begin with "[", so that only what looks like a JSON array of
 * texts is read as one.
 */
export function folderPathOf(text: string): readonly string[] | undefined {
  const names = /^\s*\[\s*["\]]/.test(text) ? namesInJson(text) : text.split("/");
  return names && names.length > 0 && names.every((name) => name !== "") ? names : undefined;
}

function namesInJson(text: string): readonly string[] | undefined {
  const json = parseJson(text);
  if ("fault" in json || !Array.isArray(json.value)) return undefined;
  const names: readonly unknown[] = json.value;
  return names.every((name) => typeof name === "string") ? names : undefined;
}
