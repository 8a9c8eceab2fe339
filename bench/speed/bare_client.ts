/**
 * The least a client can do: lists all folders, then streams GetItem answers of ten emails each over
 * several connections, decodes what is base64 in them and hashes it. No state, no retry, no parsing.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";

const { values, positionals: addresses } = parseArgs({
  allowPositionals: true,
  options: {
    endpoint: { type: "string", default: "" },
    user: { type: "string", default: "" },
    password: { type: "string", default: "" },
    connections: { type: "string", default: "8" },
  },
});
const BATCH = 10;
const PAGE = 512;
const authorization = `Basic ${
  Buffer.from(`${values.user}:${values.password}`).toString("base64")
}`;

async function ask(address: string, body: string): Promise<Response> {
  const envelope = `<?xml version="1.0" encoding="utf-8"?>` +
    `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"` +
    ` xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"` +
    ` xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">` +
    `<soap:Header><t:RequestServerVersion Version="Exchange2013"/><t:ExchangeImpersonation>` +
    `<t:ConnectingSID><t:PrimarySmtpAddress>${address}</t:PrimarySmtpAddress></t:ConnectingSID>` +
    `</t:ExchangeImpersonation></soap:Header><soap:Body>${body}</soap:Body></soap:Envelope>`;
  const response = await fetch(values.endpoint, {
    method: "POST",
    headers: { authorization, "content-type": "text/xml; charset=utf-8" },
    body: envelope,
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return response;
}

async function idsOf(address: string): Promise<readonly string[]> {
  const folders = await (await ask(
    address,
    `<m:FindFolder Traversal="Deep"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape>` +
      `</m:FolderShape><m:ParentFolderIds><t:DistinguishedFolderId Id="msgfolderroot"/>` +
      `</m:ParentFolderIds></m:FindFolder>`,
  )).text();
  const ids: string[] = [];
  for (const [, folder] of folders.matchAll(/<t:FolderId Id="([^"]+)"/g)) {
    for (let offset = 0, isLast = false; !isLast; offset += PAGE) {
      const page = await (await ask(
        address,
        `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>` +
          `</m:ItemShape><m:IndexedPageItemView MaxEntriesReturned="${PAGE}" Offset="${offset}"` +
          ` BasePoint="Beginning"/><m:ParentFolderIds><t:FolderId Id="${folder}"/>` +
          `</m:ParentFolderIds></m:FindItem>`,
      )).text();
      ids.push(...[...page.matchAll(/<t:ItemId Id="([^"]+)"/g)].map(([, id]) => id!));
      isLast = page.includes('IncludesLastItemInRange="true"');
    }
  }
  return ids;
}

const OPEN = Buffer.from("<t:MimeContent");
const END_OF_TAG = 0x3e;
const LESS_THAN = 0x3c;
const LATIN1 = new TextDecoder("latin1");

/** Hashes the base64 of each `MimeContent` of an answer as it arrives; how many there were. */
async function hashed(response: Response): Promise<number> {
  let count = 0;
  let rest = Buffer.alloc(0);
  let hash: ReturnType<typeof createHash> | undefined;
  for await (const chunk of response.body!) {
    let bytes = rest.length === 0
      ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
      : Buffer.concat([rest, chunk]);
    for (;;) {
      if (!hash) {
        const at = bytes.indexOf(OPEN);
        const end = at < 0 ? -1 : bytes.indexOf(END_OF_TAG, at);
        if (end < 0) {
          rest = bytes.subarray(at < 0 ? Math.max(0, bytes.length - OPEN.length) : at);
          break;
        }
        hash = createHash("sha256");
        bytes = bytes.subarray(end + 1);
      }
      const end = Uint8Array.prototype.indexOf.call(bytes, LESS_THAN);
      const text = end < 0
        ? bytes.subarray(0, bytes.length - bytes.length % 4)
        : bytes.subarray(0, end);
      hash.update(Uint8Array.fromBase64(LATIN1.decode(text)));
      bytes = bytes.subarray(text.length);
      rest = bytes;
      if (end < 0) break;
      hash.digest();
      hash = undefined;
      count++;
    }
  }
  return count;
}

const startedMs = performance.now();
let fetched = 0;
for (const address of addresses) {
  // A mailbox has search folders, in which everything is once more.
  const ids = [...new Set(await idsOf(address))];
  const take = async () => {
    for (let batch = ids.splice(0, BATCH); batch.length > 0; batch = ids.splice(0, BATCH)) {
      const answer = await ask(
        address,
        `<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>` +
          `<t:IncludeMimeContent>true</t:IncludeMimeContent></m:ItemShape><m:ItemIds>` +
          batch.map((id) => `<t:ItemId Id="${id}"/>`).join("") + `</m:ItemIds></m:GetItem>`,
      );
      const count = await hashed(answer);
      fetched += count;
    }
  };
  await Promise.all(Array.from({ length: Number(values.connections) }, take));
}
console.log(JSON.stringify({ delivered: fetched, tookMs: performance.now() - startedMs }));
