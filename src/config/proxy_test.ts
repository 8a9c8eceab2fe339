import assert from "node:assert/strict";
import { noFindings, problemLine } from "./problem.ts";
import { proxyFor, proxyVariableFor } from "./proxy.ts";

function variableFor(url: string, variables: Readonly<Record<string, string>>) {
  return proxyVariableFor(new URL(url), (name) => variables[name]);
}

/** What `value` comes to: address, user and password, or the problem. */
function read(value: string) {
  const findings = noFindings();
  const url = new URL("https://mail/");
  const env = (name: string) => name === "HTTPS_PROXY" ? value : undefined;
  const proxy = proxyFor(url, env, findings);
  // A second server behind the same variable adds no second problem.
  proxyFor(new URL("https://login/"), env, findings);
  assert.equal(findings.problems.length, proxy ? 0 : 1);
  if (!proxy) return problemLine(findings.problems[0]!);
  return [proxy.url.href, proxy.user, proxy.password?.reveal()];
}

Deno.test("each scheme has its own proxy, named in upper or lower case", () => {
  assert.equal(variableFor("https://mail/", { HTTPS_PROXY: "http://p" }), "HTTPS_PROXY");
  assert.equal(variableFor("https://mail/", { https_proxy: "http://p" }), "HTTPS_PROXY");
  assert.equal(variableFor("http://mail/", { HTTP_PROXY: "http://p" }), "HTTP_PROXY");
  assert.equal(variableFor("http://mail/", { HTTPS_PROXY: "http://p" }), undefined);
  assert.equal(variableFor("https://mail/", { HTTPS_PROXY: "", https_proxy: "" }), undefined);
});

Deno.test("this machine is never reached through a proxy", () => {
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    assert.equal(variableFor(`https://${host}:8443/`, { HTTPS_PROXY: "http://p" }), undefined);
  }
});

Deno.test("NO_PROXY excepts what it lists and nothing else", () => {
  const url = "https://mail.corp.example.com/";
  const excepted = (list: string, at = url) =>
    variableFor(at, { HTTPS_PROXY: "http://p", NO_PROXY: list }) === undefined;
  for (
    const list of [
      ...["*", "mail.corp.example.com", "example.com", ".example.com", "*.example.com"],
      ...["EXAMPLE.COM", "other, example.com", "other example.com", "example.com:443"],
      ...["example.com."],
    ]
  ) assert.ok(excepted(list), list);
  for (const list of ["ample.com", "mail", "com.example", "example.com:80", "", ",", ".", "x/8"]) {
    assert.ok(!excepted(list), list);
  }
});

Deno.test("NO_PROXY excepts addresses and ranges of addresses", () => {
  const excepted = (list: string, host: string) =>
    variableFor(`https://${host}/`, { HTTPS_PROXY: "http://p", no_proxy: list }) === undefined;
  assert.ok(excepted("10.0.0.0/8", "10.1.2.3"));
  assert.ok(excepted("10.1.2.3", "10.1.2.3"));
  assert.ok(excepted("10.1.2.3:443", "10.1.2.3"));
  assert.ok(excepted("fd00::/8", "[fd12::1]"));
  assert.ok(excepted("fd12:0::1", "[fd12::1]"));
  assert.ok(excepted("[fd12::1]:443", "[fd12::1]"));
  assert.ok(excepted("0.0.0.0/0", "10.1.2.3"));
  for (const list of ["10.0.0.0/16", "10.0.0.0/33", "10.0.0.0/", "10.1.2", "fd00::/8", "2.3"]) {
    assert.ok(!excepted(list, "10.1.2.3"), list);
  }
  assert.ok(!excepted("0.0.0.0/0", "mail.example.com"), "names are not looked up");
});

Deno.test("a proxy is a URL or a bare host and port, with or without credentials", () => {
  assert.deepEqual(read("http://proxy:3128"), ["http://proxy:3128/", undefined, undefined]);
  assert.deepEqual(read("http://proxy:3128/"), ["http://proxy:3128/", undefined, undefined]);
  assert.deepEqual(read("proxy:3128"), ["http://proxy:3128/", undefined, undefined]);
  assert.deepEqual(read(" proxy "), ["http://proxy/", undefined, undefined]);
  assert.deepEqual(read("HTTPS://proxy"), ["https://proxy/", undefined, undefined]);
  assert.deepEqual(read("[fd00::1]:3128"), ["http://[fd00::1]:3128/", undefined, undefined]);
  assert.deepEqual(read("svc:secret@proxy:3128"), ["http://proxy:3128/", "svc", "secret"]);
  assert.deepEqual(read("http://svc@proxy"), ["http://proxy/", "svc", ""]);
});

Deno.test("user and password of a proxy are decoded, whatever is in them", () => {
  assert.deepEqual(
    read("http://CORP%5Csvc:p%40ss%3A%2F%23%25%C3%BC@proxy:3128"),
    ["http://proxy:3128/", "CORP\\svc", "p@ss:/#%ü"],
  );
  assert.deepEqual(read("http://svc:p@ss:w@proxy:3128"), ["http://proxy:3128/", "svc", "p@ss:w"]);
  assert.deepEqual(read("http://svc:pässwörd@proxy"), ["http://proxy/", "svc", "pässwörd"]);
});

Deno.test("a proxy that cannot be used is one problem, which never shows the password", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["socks5://svc:hunter2@proxy:1080", /SOCKS is not supported/],
    ["http://svc:hunter2@proxy:99999", /must be of the form/],
    ["http://svc:hunter2@", /must be of the form/],
    ["http://svc:hunter2@pro xy", /must be of the form/],
    ["http://svc:hun?ter2@proxy:3128", /must be of the form/],
    ["http://svc:hun#ter2@proxy:3128", /must be of the form/],
    ["http://svc:hunter2@proxy/path", /percent-encoded/],
    ["http://svc:hunter2%@proxy", /write %25/],
    ["http://s%3Avc:hunter2@proxy", /colon in the user name/],
  ];
  for (const [value, expected] of cases) {
    const line = read(value);
    assert.ok(typeof line === "string", `${value} was accepted`);
    assert.match(line, expected);
    assert.match(line, /^HTTPS_PROXY: /);
    assert.doesNotMatch(line, /hun|ter2|svc/);
  }
});
