import { createHmac } from "node:crypto";
import { ACCOUNT, ACCOUNT_KEY } from "./azurite.ts";

/** A container of the emulator as somebody else's program sees it, without any code of ours. */
export class BlobReader {
  readonly #endpoint: string;
  readonly #container: string;
  readonly #client: Deno.HttpClient;

  constructor(endpoint: string, container: string, caCerts: string[] = []) {
    this.#endpoint = endpoint;
    this.#container = container;
    this.#client = Deno.createHttpClient({ caCerts, http2: false, poolMaxIdlePerHost: 0 });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  async createContainer(): Promise<void> {
    await this.#ask("PUT", "", { restype: "container" });
  }

  async deleteContainer(): Promise<void> {
    await this.#ask("DELETE", "", { restype: "container" });
  }

  /** Names of all blobs, in order. */
  async names(): Promise<readonly string[]> {
    const names: string[] = [];
    let marker = "";
    do {
      const query = { comp: "list", restype: "container", ...(marker ? { marker } : {}) };
      const page = new TextDecoder().decode((await this.#ask("GET", "", query)).bytes);
      names.push(...[...page.matchAll(/<Name>([^<]*)<\/Name>/g)].map(([, name = ""]) => name));
      marker = /<NextMarker>([^<]+)<\/NextMarker>/.exec(page)?.[1] ?? "";
    } while (marker !== "");
    return names;
  }

  async bytes(name: string): Promise<Uint8Array> {
    return (await this.#ask("GET", name)).bytes;
  }

  async text(name: string): Promise<string> {
    return new TextDecoder().decode(await this.bytes(name));
  }

  async headers(name: string): Promise<Headers> {
    return (await this.#ask("HEAD", name)).headers;
  }

  async write(name: string, text: string): Promise<void> {
    await this.#ask("PUT", name, {}, { headers: { "x-ms-blob-type": "BlockBlob" }, body: text });
  }

  async remove(name: string): Promise<void> {
    await this.#ask("DELETE", name);
  }

  /** Ends the lease on a blob at once, whoever holds it. */
  async breakLease(name: string): Promise<void> {
    const headers = { "x-ms-lease-action": "break", "x-ms-lease-break-period": "0" };
    await this.#ask("PUT", name, { comp: "lease" }, { headers });
  }

  async #ask(
    method: string,
    name: string,
    query: Readonly<Record<string, string>> = {},
    { headers = {}, body = "" }: { readonly headers?: Record<string, string>; body?: string } = {},
  ) {
    const path = `/${this.#container}${
      name && `/${name.split("/").map(encodeURIComponent).join("/")}`
    }`;
    const url = new URL(this.#endpoint + path);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const dated = {
      ...headers,
      "x-ms-date": new Date().toUTCString(),
      "x-ms-version": "2021-12-02",
    };
    const length = new TextEncoder().encode(body).byteLength;
    const authorization = signature(method, url, dated, length);
    const response = await fetch(url, {
      method,
      headers: { ...dated, authorization },
      client: this.#client,
      ...(method === "PUT" ? { body } : {}),
    });
    const bytes = await response.bytes();
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${new TextDecoder().decode(bytes)}`);
    }
    return { bytes, headers: response.headers };
  }
}

/** "Authorize with Shared Key", for the few header fields that are sent here. */
function signature(
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  length: number,
): string {
  const type = method === "PUT" ? "text/plain;charset=UTF-8" : "";
  const standard = ["", "", length > 0 ? length : "", "", type, "", "", "", "", "", ""];
  const own = Object.entries(headers).toSorted(([a], [b]) => a < b ? -1 : 1)
    .map(([name, value]) => `${name}:${value}`);
  const query = [...url.searchParams].toSorted(([a], [b]) => a < b ? -1 : 1)
    .map(([name, value]) => `\n${name}:${value}`).join("");
  const text = [method, ...standard, ...own, `/${ACCOUNT}${url.pathname}${query}`].join("\n");
  const hmac = createHmac("sha256", Uint8Array.fromBase64(ACCOUNT_KEY)).update(text, "utf8");
  return `SharedKey ${ACCOUNT}:${hmac.digest("base64")}`;
}
