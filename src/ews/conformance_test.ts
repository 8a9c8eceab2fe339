import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { XmlDocument, XsdValidator } from "libxml2-wasm";
import { xmlRegisterFsInputProviders } from "libxml2-wasm/lib/nodejs.mjs";
import { everyRequest } from "./testing/every_request.ts";

const SCHEMA = Deno.env.get("REINFER_EWS_TEST_EWS_XSD") ??
  fileURLToPath(new URL("../../../shared/ews-xsd/mit/ews-soap-mit.xsd", import.meta.url));
const isMissing = !existsSync(SCHEMA);
if (isMissing) {
  console.info(
    `EWS schema not found at "${SCHEMA}": set REINFER_EWS_TEST_EWS_XSD to check requests`,
  );
}

// Goal: a real server validates every request against Microsoft's schema and refuses what does not
// conform. Method: every shape of every operation, in every version, with values that need escaping.
Deno.test({
  name: "every request that can be sent conforms to Microsoft's schema",
  ignore: isMissing,
  fn() {
    xmlRegisterFsInputProviders();
    using schema = XmlDocument.fromString(Deno.readTextFileSync(SCHEMA), { url: SCHEMA });
    using validator = XsdValidator.fromDoc(schema);
    for (const [name, request] of everyRequest()) {
      using document = XmlDocument.fromString(request);
      assert.doesNotThrow(() => validator.validate(document), name);
    }
    using wrong = XmlDocument.fromString(everyRequest()[0]![1].replace("IdOnly", "IdsOnly"));
    assert.throws(() => validator.validate(wrong), "the validator can tell");
  },
});
