import assert from "node:assert/strict";
import { join } from "node:path";
import { DeliveredFiles } from "../../scripts/delivered_files.ts";
import { runCommand } from "../../scripts/run_command.ts";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { documentedCommands } from "../docs/documented.ts";
import { BINARY } from "../e2e/appliance.ts";
import { customerOf } from "../e2e/customer.ts";
import { exchangeWithMail } from "../e2e/platform_customer.ts";
import { expectedEmails } from "../exchange/expected_emails.ts";
import { BootedMachine } from "./booted_machine.ts";

const UNITS = new URL("../../deploy/systemd/", import.meta.url);
const EMAILS = 60;
const MAIL = "/var/lib/private/reinfer-ews";

const MACHINE = await BootedMachine.start();
const NEEDS = "unavailable" in MACHINE ? ` (no systemd of its own: ${MACHINE.unavailable})` : "";

Deno.test.afterAll(async () => {
  if (!("unavailable" in MACHINE)) await MACHINE[Symbol.asyncDispose]();
});

const HAS_ANALYZE = (await analyze("--version")).code === 0;

Deno.test({
  name: "the unit and its drop-ins are valid, and exposed 2.0 at most (needs systemd-analyze)",
  ignore: !HAS_ANALYZE,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const unit = join(folder, "reinfer-ews.service");
      const text = await Deno.readTextFile(new URL("reinfer-ews.service", UNITS));
      // systemd-analyze looks whether the executable is there.
      await Deno.writeTextFile(unit, text.replace("/usr/local/bin/reinfer-ews", BINARY));
      await Deno.mkdir(`${unit}.d`);
      for (const name of ["oauth.conf", "platform.conf"]) {
        await Deno.copyFile(new URL(name, UNITS), join(`${unit}.d`, name));
      }
      const verified = await analyze("verify", unit);
      assert.deepEqual([verified.code, verified.stderr], [0, ""]);
      const rated = await analyze("security", "--offline=true", "--threshold=20", unit);
      assert.equal(rated.code, 0, rated.stdout);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: `installed, checked and started as documented, the service delivers all mail${NEEDS}`,
  ignore: "unavailable" in MACHINE,
  fn: async () => {
    const machine = MACHINE as BootedMachine;
    await using exchange = await exchangeWithMail(EMAILS);
    await using customer = await customerOf(exchange, {
      auth_password: null,
      ews_ssl_ca_file: "/etc/reinfer-ews/ca.pem",
    });
    const shell = async (commands: string) => {
      const { code, stdout, stderr } = await machine.run(commands);
      assert.equal(code, 0, stdout + stderr);
      return stdout + stderr;
    };
    const documented = async (name: string, examples = {}) =>
      await shell(await documentedCommands("systemd.md", name, examples));

    assert.match(await documented("install"), /Installed reinfer-ews \d/);
    for (const name of ["config.json", "ca.pem"]) {
      const to = machine.path(`/etc/reinfer-ews/${name}`);
      await Deno.writeFile(to, await Deno.readFile(join(customer.folder, name)));
    }
    await documented("set the password", { "the-password": exchange.account.password });
    assert.match(await documented("check"), /\nReady: \d+ ok\.\n/);

    assert.match(await documented("start"), /Active: active \(running\)/);
    const delivered = new DeliveredFiles(machine.path(MAIL));
    const isComplete = async () => {
      await delivered.refresh();
      return delivered.emails.length === expectedEmails(exchange.store).length;
    };
    await waitUntil(isComplete);
    const { mode } = await Deno.stat(machine.path("/etc/reinfer-ews/auth_pass"));
    assert.equal(mode! & 0o777, 0o600);

    const [mailbox] = exchange.store.mailboxes();
    await shell("systemctl reload reinfer-ews");
    const inbox = mailbox!.distinguishedFolder("inbox");
    mailbox!.deliver(inbox.id, mailbox!.itemsOf(inbox.id)[0]!.mime);
    await waitUntil(isComplete);

    // What the unit forbids leaves OpenSSL its files in memory.
    const configFile = machine.path("/etc/reinfer-ews/config.json");
    const config = JSON.parse(await Deno.readTextFile(configFile));
    const ciphers = { ews_ssl_ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" };
    await Deno.writeTextFile(configFile, JSON.stringify({ ...config, ...ciphers }));
    await shell("systemctl restart reinfer-ews");
    mailbox!.deliver(inbox.id, mailbox!.itemsOf(inbox.id)[1]!.mime);
    await waitUntil(isComplete);

    await shell(WATCH_CLOSELY);
    const main = await mainPid(shell);
    await shell(`kill -STOP ${main}`);
    await waitUntil(async () => ![main, 0].includes(await mainPid(shell)));

    await shell(OLDER_IS_INSTALLED);
    assert.match(await documented("upgrade and roll back"), /Back to/);
    assert.match(await shell("head -1 /usr/local/bin/reinfer-ews"), /^#!/);
    assert.match(await shell("systemctl is-active reinfer-ews"), /^active$/m);
    assert.match(await documented("uninstall"), /Kept: \/etc\/reinfer-ews/);
    const left = await machine.run(
      "systemctl is-active reinfer-ews; ls /usr/local/bin/reinfer-ews*",
    );
    assert.match(left.stdout, /^inactive$/m);
    assert.ok(await isComplete(), "mail stays");
  },
});

/** Hung, it is restarted at once and not within a minute. */
const WATCH_CLOSELY = `
printf '[Service]\\nWatchdogSec=3\\nTimeoutStopSec=1\\nRestartSec=0\\n' \\
  >/etc/systemd/system/reinfer-ews.service.d/watch.conf
systemctl daemon-reload
systemctl restart reinfer-ews
`;

/** Another executable of that name, which does the same. */
const OLDER_IS_INSTALLED = `
mv /usr/local/bin/reinfer-ews /usr/local/lib/older-reinfer-ews
printf '#!/bin/sh\\nexec /usr/local/lib/older-reinfer-ews "$@"\\n' >/usr/local/bin/reinfer-ews
chmod +x /usr/local/bin/reinfer-ews
`;

async function mainPid(shell: (commands: string) => Promise<string>): Promise<number> {
  return Number(await shell("systemctl show --property MainPID --value reinfer-ews"));
}

function analyze(...args: readonly string[]) {
  return runCommand("systemd-analyze", args, { timeoutMs: 30_000, env: { LC_ALL: "C" } });
}
