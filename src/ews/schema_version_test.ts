import assert from "node:assert/strict";
import { SchemaVersions } from "./schema_version.ts";

Deno.test("versions are stepped down one by one and remembered for the server", () => {
  const versions = new SchemaVersions();
  assert.equal(versions.versionFor("a"), "Exchange2016");
  assert.ok(versions.stepDown("Exchange2016", "a", "ErrorInvalidServerVersion"));
  assert.ok(versions.stepDown("Exchange2013_SP1", "b", "ErrorIncorrectSchemaVersion"));
  assert.ok(versions.stepDown("Exchange2013", "a", "ErrorSchemaValidation"));
  assert.equal(versions.versionFor("c"), "Exchange2010_SP2");
  assert.equal(versions.stepDown("Exchange2010_SP2", "a", "ErrorInvalidServerVersion"), false);
});

Deno.test("requests that were refused together step down once", () => {
  const versions = new SchemaVersions();
  assert.ok(versions.stepDown("Exchange2016", "a", "ErrorInvalidServerVersion"));
  assert.ok(versions.stepDown("Exchange2016", "b", "ErrorInvalidServerVersion"));
  assert.equal(versions.versionFor("a"), "Exchange2013_SP1");
});

Deno.test("a mailbox on an older server steps down alone", () => {
  const versions = new SchemaVersions();
  assert.ok(versions.stepDown("Exchange2016", "a", "ErrorInvalidSchemaVersionForMailboxVersion"));
  assert.equal(versions.versionFor("a"), "Exchange2013_SP1");
  assert.equal(versions.versionFor("b"), "Exchange2016");
});

Deno.test("a request that does not validate is a defect once the server has understood one", () => {
  const versions = new SchemaVersions();
  versions.confirm();
  assert.equal(versions.stepDown("Exchange2016", "a", "ErrorSchemaValidation"), false);
  assert.ok(versions.stepDown("Exchange2016", "a", "ErrorInvalidServerVersion"));
});

Deno.test("other errors leave the version alone", () => {
  const versions = new SchemaVersions();
  assert.equal(versions.stepDown("Exchange2016", "a", "ErrorAccessDenied"), false);
  assert.equal(versions.versionFor("a"), "Exchange2016");
});
