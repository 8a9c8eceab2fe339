import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SyncError } from "../core/errors.ts";
import { splitMime } from "./mime_splitter.ts";
import type { Operation } from "./operation.ts";
import { findFolder } from "./operations/find_folder.ts";
import { findItem } from "./operations/find_item.ts";
import { getFolder } from "./operations/get_folder.ts";
import { getItemContent } from "./operations/get_item_content.ts";
import { getItemProperties } from "./operations/get_item_properties.ts";
import { subscribe } from "./operations/subscribe.ts";
import { syncFolderItems } from "./operations/sync_folder_items.ts";
import { responseMessagesOf } from "./response_message.ts";
import { parseXml, type XmlNode } from "./xml.ts";

const SAMPLES = Deno.env.get("REINFER_EWS_TEST_EWS_SAMPLES") ??
  fileURLToPath(new URL("../../../shared/ews-samples/", import.meta.url));
const isMissing = !existsSync(SAMPLES);
if (isMissing) {
  console.info(
    `No recorded answers at "${SAMPLES}": set REINFER_EWS_TEST_EWS_SAMPLES to read them`,
  );
}

const order = { by: "received", from: undefined } as const;

/** Decoders of an answer with so many messages. */
const DECODERS: Readonly<Record<string, (messages: number) => readonly Operation<unknown>[]>> = {
  FindFolderResponse: () => [findFolder({ root: { name: "root" }, offset: 0, limit: 1 })],
  GetFolderResponse: (
    count,
  ) => [getFolder(Array.from({ length: count }, () => ({ name: "root" })))],
  SyncFolderItemsResponse: () => [
    syncFolderItems({ folderId: "", syncState: undefined, limit: 1 }),
  ],
  FindItemResponse: () => [findItem({ folderId: "", order, offset: 0, limit: 1 })],
  SubscribeResponse: () => [subscribe("all")],
  GetItemResponse: (count) => {
    const ids = Array.from({ length: count }, (_, i) => String(i));
    return [getItemProperties(ids, "message"), getItemContent(ids)];
  },
};

/** FindItem grouped by a property and FindItem for several folders are nothing we ask for. */
function isAskedFor(response: XmlNode, messages: readonly XmlNode[]): boolean {
  if (response.name !== "FindItemResponse") return true;
  return messages.length === 1 && !messages[0]!.optionalNode("RootFolder")?.optionalNode("Groups");
}

// Goal: shapes that real servers send are no surprise. Method: answers recorded by others and
// printed in Microsoft's documentation, where they are at hand; they are not part of this project.
Deno.test({
  name: "answers recorded from real servers are read without complaint",
  ignore: isMissing,
  async fn(test) {
    let read = 0;
    for (const file of readdirSync(SAMPLES)) {
      const kind = file.split("-")[1] ?? "";
      const decoders = DECODERS[kind];
      if (!decoders) continue;
      // Printed examples abbreviate their MIME content.
      const text = Deno.readTextFileSync(`${SAMPLES}/${file}`).replace(
        /[^>]*…(?=<\/t:MimeContent)/,
        "",
      );
      await test.step(file, async () => {
        const skeleton = await splitMime(
          ReadableStream.from([new TextEncoder().encode(text)]),
          () => {},
          ["MimeContent"],
        );
        const envelope = parseXml(skeleton);
        const response = envelope.node("Body").node(kind);
        const messages = response.node("ResponseMessages").children;
        if (!isAskedFor(response, messages)) return;
        for (const operation of decoders(messages.length)) {
          assert.doesNotThrow(() => decodeOrKnowWhy(operation, envelope));
          read++;
        }
      });
    }
    assert.ok(read > 50, `only ${read} answers were read`);
  },
});

Deno.test({
  name: "faults recorded from real servers are understood",
  ignore: isMissing,
  async fn(test) {
    for (const file of readdirSync(SAMPLES).filter((name) => name.includes("-Fault-"))) {
      await test.step(file, () => {
        const envelope = parseXml(Deno.readFileSync(`${SAMPLES}/${file}`));
        const expected = { name: "GetItem", reach: "item", messagesExpected: 1 } as const;
        assert.throws(
          () => responseMessagesOf(envelope, expected),
          (error) => error instanceof SyncError && error.code.startsWith("Error"),
        );
      });
    }
  },
});

/** A recorded refusal is an error of Exchange's, anything else a complaint of ours. */
function decodeOrKnowWhy(operation: Operation<unknown>, envelope: XmlNode): void {
  try {
    operation.decode(responseMessagesOf(envelope, operation));
  } catch (error) {
    if (!(error instanceof SyncError) || !error.code.startsWith("Error")) throw error;
  }
}
