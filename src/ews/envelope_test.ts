import assert from "node:assert/strict";
import { encodeEnvelope } from "./envelope.ts";
import { parseXml } from "./xml.ts";
import { element } from "./xml_writer.ts";

const read = (text: string) => parseXml(new TextEncoder().encode(text));

Deno.test("the header names the version, and whom to impersonate only if there is somebody", () => {
  const body = element("m:GetFolder", {});
  const delegate = read(encodeEnvelope({ version: "Exchange2013" }, body));
  const header = delegate.node("Header");
  assert.deepEqual(header.children.map(({ name }) => name), ["RequestServerVersion"]);
  assert.equal(header.node("RequestServerVersion").attribute("Version"), "Exchange2013");
  assert.deepEqual(delegate.node("Body").children.map(({ name }) => name), ["GetFolder"]);

  const impersonate = "o'neil&co@example.com";
  const header2 = read(encodeEnvelope({ version: "Exchange2016", impersonate }, body))
    .node("Header");
  assert.deepEqual(
    header2.children.map(({ name }) => name),
    ["RequestServerVersion", "ExchangeImpersonation"],
  );
  assert.equal(
    header2.node("ExchangeImpersonation").node("ConnectingSID").text("SmtpAddress"),
    impersonate,
  );
});
