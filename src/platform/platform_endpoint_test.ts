import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { platformEndpointOf } from "./platform_endpoint.ts";
import {
  applianceConfigUrl,
  attachmentUrl,
  emailsUrl,
  keyedSyncStatesUrl,
} from "./platform_paths.ts";

const BUCKET = { owner: "acme", name: "support" };

Deno.test("both styles of base lead to the same paths, with and without /api and slashes", () => {
  const domain = "https://acme.reinfer.io";
  const cloud = "https://cloud.uipath.com/org/tenant/reinfer_";
  for (const base of [domain, cloud]) {
    for (const end of ["", "/", "/api", "/api/", "/api//"]) {
      const endpoint = platformEndpointOf(base + end);
      assert.equal(
        emailsUrl(endpoint, BUCKET).href,
        `${base}/api/_private/buckets/acme/support/emails`,
      );
      assert.equal(
        applianceConfigUrl(endpoint, { owner: "acme", key: "ews" }).href,
        `${base}/api/v1/appliance-configs/acme/ews`,
      );
    }
  }
});

Deno.test("the private prefix is a path of its own", () => {
  for (const prefix of ["/api/v2/private", "api/v2/private/"]) {
    const endpoint = platformEndpointOf("https://acme.reinfer.io/api/", prefix);
    assert.equal(
      keyedSyncStatesUrl(endpoint, "0af").href,
      "https://acme.reinfer.io/api/v2/private/buckets/id:0af/keyed-sync-states/",
    );
  }
});

Deno.test("an email's id cannot leave its place in a path", () => {
  const endpoint = platformEndpointOf("https://acme.reinfer.io");
  const { pathname } = attachmentUrl(endpoint, "0af", "<../../x?y#z@h>", 3);
  assert.equal(
    pathname,
    "/api/_private/buckets/id:0af/emails/%3C..%2F..%2Fx%3Fy%23z%40h%3E/attachments/3",
  );
});

Deno.test("what is no base is refused without showing a password", () => {
  const cases = [
    ["acme.reinfer.io", "PlatformEndpointInvalid"],
    ["ftp://acme.reinfer.io", "PlatformEndpointInvalid"],
    ["https://user:hunter2@acme.reinfer.io", "PlatformEndpointInvalid"],
    ["https://acme.reinfer.io/?token=hunter2", "PlatformEndpointInvalid"],
    ["http://acme.reinfer.io", "PlatformUnencrypted"],
  ] as const;
  for (const [url, code] of cases) {
    assert.throws(
      () => platformEndpointOf(url),
      (error) =>
        error instanceof SyncError && error.kind === "fatal" && error.code === code &&
        error.hint !== undefined && !error.message.includes("hunter2"),
    );
  }
  assert.throws(() => platformEndpointOf("https://acme.reinfer.io", "/api/../x"), SyncError);
  for (const loopback of ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"]) {
    assert.equal(platformEndpointOf(loopback).base.protocol, "http:");
  }
});
