import assert from "node:assert/strict";
import { authorityOf } from "./authority_url.ts";

Deno.test("slashes, versions and endpoints at the end change nothing", () => {
  for (
    const rest of [
      "",
      "/",
      "//",
      "/v2.0",
      "/v2.0/",
      "/oauth2/token",
      "/oauth2/v2.0/token",
      "/oauth2/v2.0/authorize",
      "/v2.0/.well-known/openid-configuration",
    ]
  ) {
    const configured = new URL(`https://login.microsoftonline.com/contoso.example${rest}`);
    assert.equal(
      authorityOf(configured).href,
      "https://login.microsoftonline.com/contoso.example/",
      configured.href,
    );
  }
});

Deno.test("any host will do: national clouds, AD FS, a port of its own", () => {
  for (
    const href of [
      "https://login.microsoftonline.us/tenant/",
      "https://login.partner.microsoftonline.cn/tenant/",
      "https://sts.corp.example:8443/adfs/",
    ]
  ) {
    assert.equal(authorityOf(new URL(href)).href, href);
  }
});

Deno.test("an authority without TLS or without a tenant is refused", () => {
  for (
    const href of [
      "http://localhost/tenant",
      "https://login.microsoftonline.com",
      "https://login.microsoftonline.com/v2.0",
      "https://login.microsoftonline.com/common",
      "https://login.microsoftonline.com/organizations/v2.0",
    ]
  ) {
    const refused = { kind: "fatal", code: "OauthAuthorityInvalid" };
    assert.throws(() => authorityOf(new URL(href)), refused, href);
  }
});
