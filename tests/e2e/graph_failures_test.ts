import assert from "node:assert/strict";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { expectedEmails } from "../exchange/expected_emails.ts";
import { interceptGraphWith, interceptWithForeignLinks } from "../graph/faulted_graph_answer.ts";
import { graphFaultNamed } from "../graph/graph_faults.ts";
import { assertPresentable, runAppliance } from "./appliance.ts";
import { type Customer, readDelivered } from "./customer.ts";
import { assertDiagnosed, checkOf } from "./diagnosis.ts";
import { type OnlineTenant, onlineTenant } from "./online_tenant.ts";

const ADDRESS = "anna@corp.example";
const EMAILS = 60;

async function tenantWithMail(addresses: readonly string[] = [ADDRESS]): Promise<OnlineTenant> {
  const tenant = await onlineTenant(addresses);
  spreadCorpus(tenant.exchange.store.mailboxes(), EMAILS);
  return tenant;
}

async function assertAllStored(tenant: OnlineTenant, { prefix }: Customer): Promise<void> {
  const expected = expectedEmails(tenant.exchange.store).length;
  assert.equal((await readDelivered(prefix)).length, expected);
}

Deno.test("check says of Graph that it works, whom a permission in the token concerns, and where it goes on", async () => {
  await using tenant = await tenantWithMail();
  await using customer = await tenant.customer("graph");
  const { code, lines } = await checkOf(customer, tenant);
  assert.equal(code, 0, JSON.stringify(lines));
  const line = (check: string) => lines.find((one) => one.check === check);
  assert.equal(line("sign-in")?.verdict, "pass");
  assert.match(line("mailbox")?.finding ?? "", /mail folders; will begin with the oldest of \d+/);
  const [token] = lines.filter(({ check }) => check === "token");
  assert.match(token?.finding ?? "", /a token was issued/);
});

/** What administrators meet, one mailbox of two, and what it must be called. */
const REFUSALS: readonly (readonly [string, RegExp, (tenant: OnlineTenant) => void])[] = [
  [
    "ErrorAccessDenied",
    /New-ManagementRoleAssignment -App \S+ -Role "Application Mail\.Read" -CustomResourceScope/,
    ({ graph }) => graph.permissions.deny(ADDRESS),
  ],
  [
    "MailboxNotEnabledForRESTAPI",
    /licence.*microsoft_api to ews/,
    ({ graph }) => graph.permissions.withdrawLicence(ADDRESS),
  ],
];

for (const [code, remedy, refuse] of REFUSALS) {
  Deno.test(`a mailbox that Graph refuses with ${code} is named with its remedy; the other is synced`, async () => {
    const other = "ben@corp.example";
    await using tenant = await tenantWithMail([ADDRESS, other]);
    refuse(tenant);
    await using customer = await tenant.customer("graph");
    const expected = { code, check: "mailbox", remedy, exitCode: 1 };
    const { lines } = await assertDiagnosed(customer, expected, tenant);
    assert.equal(lines.find(({ check }) => check === "sign-in")?.verdict, "pass");
    const mine = expectedEmails(tenant.exchange.store).filter(({ mailbox }) => mailbox === other);
    const delivered = await readDelivered(customer.prefix);
    assert.deepEqual(new Set(delivered.map(({ json }) => json.mailbox)), new Set([other]));
    assert.equal(delivered.length, mine.length);
  });
}

Deno.test("a mailbox that does not exist is named with its remedy", async () => {
  await using tenant = await tenantWithMail();
  const bucket = { owner: "owner", name: "bucket" };
  await using customer = await tenant.customer("graph", {
    mailboxes: { [ADDRESS]: { bucket }, "nobody@corp.example": { bucket } },
  });
  const { code, lines } = await checkOf(customer, tenant);
  assert.equal(code, 1);
  const line = lines.find(({ of }) => of === "nobody@corp.example");
  assert.equal(line?.verdict, "fail");
  assert.match(line?.remedy ?? "", /Get-Mailbox nobody@corp\.example/);
});

Deno.test("a token that Graph does not take is a failed sign-in, with what to check", async () => {
  await using tenant = await tenantWithMail();
  tenant.graph.intercept = interceptGraphWith(graphFaultNamed("401 InvalidAuthenticationToken"));
  await using customer = await tenant.customer("graph");
  const { code, lines } = await checkOf(customer, tenant);
  assert.notEqual(code, 0);
  const line = lines.find(({ check }) => check === "sign-in");
  assert.deepEqual([line?.verdict, line?.code], ["fail", "InvalidAuthenticationToken"]);
  assert.match(line?.remedy ?? "", /auth_oauth_authority.*auth_oauth_scope/);
});

Deno.test("links to a foreign host are refused: no token and no request goes there", async () => {
  await using tenant = await tenantWithMail();
  await using foreign = tenant.graph.foreignHost();
  tenant.graph.intercept = interceptWithForeignLinks(foreign.origin);
  await using customer = await tenant.customer("graph");
  const run = await runAppliance([...customer.run, "--once"], tenant.env);
  assertPresentable(run, tenant.secrets);
  assert.equal(run.code, 1, run.stderr);
  const refused = run.log.find(({ code }) => code === "LinkRefused");
  assert.match(String(refused?.hint), /the access token goes to no other host/, run.stderr);
  assert.deepEqual([foreign.requests.length, foreign.leaked], [0, 0]);
  tenant.graph.intercept = undefined;
  const mended = await runAppliance([...customer.run, "--once"], tenant.env);
  assert.equal(mended.code, 0, mended.stderr);
  await assertAllStored(tenant, customer);
});

Deno.test("throttling, with and without a delay named, only takes time", async () => {
  await using tenant = await tenantWithMail();
  const { graph } = tenant;
  const throttled = [
    "429 ApplicationThrottled with Retry-After",
    "503 ErrorServerBusy with Retry-After",
    "HTTP 504 with a page",
  ].map((name) => interceptGraphWith({ ...graphFaultNamed(name) }));
  let requests = 0;
  graph.intercept = (request, next) => {
    const fault = ++requests % 30 === 0 ? throttled.pop() : undefined;
    return fault ? fault(request, next) : next();
  };
  await using customer = await tenant.customer("graph");
  const run = await runAppliance([...customer.run, "--once"], tenant.env);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(throttled.length, 0);
  await assertAllStored(tenant, customer);
});

Deno.test("a token that expires or is revoked in mid-sync is replaced, over Graph as over EWS", async () => {
  await using tenant = await tenantWithMail();
  let requests = 0;
  tenant.graph.intercept = (_request, next) => {
    if (++requests === 40) tenant.authority.revokeTokens();
    return next();
  };
  await using customer = await tenant.customer("graph");
  const run = await runAppliance([...customer.run, "--once"], tenant.env);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(tenant.authority.requests.length, 2);
  await assertAllStored(tenant, customer);
});

Deno.test("a change list that Graph has forgotten is taken anew, and nothing is fetched twice", async () => {
  await using tenant = await tenantWithMail();
  await using customer = await tenant.customer("graph", { poll_frequency: 0.2 });
  assert.equal((await runAppliance([...customer.run, "--once"], tenant.env)).code, 0);
  const [mailbox] = tenant.exchange.store.mailboxes();
  const inbox = mailbox!.distinguishedFolder("inbox").id;
  mailbox!.invalidateSyncStates(inbox);
  const run = await runAppliance([...customer.run, "--once"], tenant.env);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(tenant.graph.ledger.totals().mimeServed, EMAILS);
  await assertAllStored(tenant, customer);
});

Deno.test("EWS keys that stay in the config are said to have no effect", async () => {
  await using tenant = await tenantWithMail();
  await using customer = await tenant.customer("graph");
  const run = await runAppliance([...customer.run, "--once"], tenant.env);
  assert.equal(run.code, 0, run.stderr);
  const warned = run.log.filter(({ level }) => level === "warn").map(({ reason }) => reason);
  const unused = 'has no effect, as "microsoft_api" is "graph"';
  assert.deepEqual(warned, [`ews_endpoint: ${unused}`, `access_type: ${unused}`]);
});
