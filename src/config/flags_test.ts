import assert from "node:assert/strict";
import fc from "fast-check";
import { COMMANDS } from "./commands.ts";
import type { DestinationPlace } from "./destination_place.ts";
import { type CommandLine, parseCommandLine } from "./flags.ts";
import { OPTION_NAMES, type OptionRule, OPTIONS } from "./options.ts";

type Variables = Readonly<Record<string, string>>;

function parse(line: string | readonly string[], variables: Variables = {}): CommandLine {
  const argv = typeof line === "string" ? line.split(" ").filter(Boolean) : line;
  return parseCommandLine(argv, (name) => variables[name]);
}

function refusal(line: string | readonly string[], variables: Variables = {}): readonly string[] {
  const parsed = parse(line, variables);
  assert.ok(parsed.command === "refused", `${line} is refused`);
  return parsed.lines;
}

/** Where `run` delivers to. */
function placeOf(line: string, variables: Variables): DestinationPlace {
  const parsed = parse(line, variables);
  assert.ok(parsed.command === "run", line);
  return parsed.options.destination;
}

const FILES = "--local-files-prefix mail";
const NO_DESTINATION = "No destination is named: give --local-files-prefix DIR or " +
  "--private-file-prefix az://ACCOUNT/CONTAINER[/PREFIX] or --reinfer-api-endpoint URL";
/** What `run` is told by `FILES` alone. */
const RUN = {
  destination: { kind: "local", prefix: "mail" },
  once: false,
  retrySkipped: false,
  restartOnUnrecoverableErrors: false,
  debugLevel: 1,
};

Deno.test("run is the default command, and a leading literal program name is skipped once", () => {
  const run = { command: "run", options: RUN };
  for (const line of [FILES, `run ${FILES}`, `reinfer-ews ${FILES}`, `reinfer-ews run ${FILES}`]) {
    assert.deepEqual(parse(line), run, line);
  }
  assert.deepEqual(refusal(`reinfer-ews reinfer-ews ${FILES}`), ['Unknown command "reinfer-ews"']);
});

Deno.test("every option this version has reaches the options of run", () => {
  const line = `${FILES} --config c.json --once --debug-level 2 --log-format json ` +
    "--shard-name ews-2 --total-shards 3 --retry-skipped --restart-on-unrecoverable-errors";
  assert.deepEqual(parse(line), {
    command: "run",
    options: {
      configFile: "c.json",
      destination: { kind: "local", prefix: "mail" },
      once: true,
      retrySkipped: true,
      restartOnUnrecoverableErrors: true,
      debugLevel: 2,
      logFormat: "json",
      shard: { number: 2, total: 3 },
    },
  });
});

Deno.test("a value stands after a space or an equals sign; one with a dash needs the latter", () => {
  assert.deepEqual(parse("--local-files-prefix=mail"), parse(FILES));
  assert.deepEqual(parse("--local-files-prefix=--mail=x"), {
    command: "run",
    options: { ...RUN, destination: { kind: "local", prefix: "--mail=x" } },
  });
  assert.deepEqual(refusal("--local-files-prefix --once"), [
    "--local-files-prefix needs a value: a folder path",
  ]);
});

Deno.test("an unknown option is one line with the nearest option this version has", () => {
  assert.deepEqual(refusal(`${FILES} --onec`), ['Unknown option "--onec"; did you mean "--once"?']);
  assert.deepEqual(refusal("--frobnicate x"), ['Unknown option "--frobnicate"']);
  assert.deepEqual(refusal("--bnid x"), ['Unknown option "--bnid"; did you mean "--bind"?']);
  assert.deepEqual(refusal("--pass\u001b[31m=hunter2"), ['Unknown option "--pass\\u001b[31m"']);
  assert.deepEqual(refusal("--Once"), ['Unknown option "--Once"; did you mean "--once"?']);
});

Deno.test("repeated options, missing and needless values, and stray arguments are errors", () => {
  assert.deepEqual(refusal(`${FILES} --once --once`), ["--once is given more than once"]);
  assert.deepEqual(refusal(`${FILES} ${FILES}`), ["--local-files-prefix is given more than once"]);
  assert.deepEqual(refusal(`${FILES} --once=false`), ["--once takes no value"]);
  assert.deepEqual(refusal(`${FILES} --once=`), ["--once takes no value"]);
  assert.deepEqual(refusal(`${FILES} --config`), ["--config needs a value: a file path"]);
  assert.deepEqual(refusal(`${FILES} --config=`), ["--config needs a value: a file path"]);
  assert.deepEqual(refusal(`${FILES} run`), ['Unexpected argument "run"']);
  assert.deepEqual(refusal(`${FILES} -- --once`), ['Unexpected argument "--once"']);
});

Deno.test("every value outside its range is named with what is allowed, all at once", () => {
  assert.deepEqual(
    refusal(`${FILES} --debug-level 3 --log-format xml --total-shards 0 --status x`),
    [
      '--debug-level = "3": must be 0, 1 or 2',
      '--log-format = "xml": must be text or json',
      '--total-shards = "0": must be a whole number from 1 to 10000',
      '--status = "x": must be full, summary or off',
    ],
  );
});

Deno.test("values of options that are not built yet are validated all the same", () => {
  const wrong = {
    "bind": "8080",
    "private-file-prefix": "az://x",
    "reinfer-api-endpoint": "http://acme.reinfer.io/api/",
    "reinfer-api-prefix": "api",
    "remote-config-owner": "..",
    "remote-config-key": "a/b",
    "status": "none",
  };
  for (const [name, value] of Object.entries(wrong)) {
    const [line, ...others] = refusal(`${FILES} --${name} ${value}`);
    assert.ok(line?.startsWith(`--${name} = "${value}": must be `), line);
    assert.deepEqual(others, []);
  }
});

Deno.test("what is served is told by an address, and how much of it only beside one", () => {
  const served = (line: string) => {
    const parsed = parse(`${FILES} ${line}`);
    assert.ok(parsed.command === "run", line);
    return { bind: parsed.options.bind, status: parsed.options.status };
  };
  assert.deepEqual(served(""), { bind: undefined, status: undefined });
  assert.deepEqual(served("--bind [::1]:0 --status off"), {
    bind: { host: "::1", port: 0 },
    status: "off",
  });
  assert.deepEqual(served("--bind 0.0.0.0:8080").bind, { host: "0.0.0.0", port: 8080 });
  assert.deepEqual(refusal(`${FILES} --status full`), ["--status needs --bind as well"]);
  for (const bind of ["::1:8080", "[::1]", "8080", ":8080", "a:65536", "a b:1", "[a]:1"]) {
    const [line] = refusal([...FILES.split(" "), "--bind", bind]);
    assert.match(
      line ?? "",
      /^--bind = ".*": must be HOST:PORT with a port from 0 to 65535, an IPv6 host in brackets$/,
    );
  }
});

Deno.test("exactly one sink must result", () => {
  const platform = "--reinfer-api-endpoint https://acme.reinfer.io/api/";
  const azure = "--private-file-prefix az://acme/mail";
  const token = { REINFER_API_TOKEN: "t" };
  assert.deepEqual(refusal("run"), [NO_DESTINATION]);
  assert.deepEqual(
    refusal(`${FILES} ${azure}`)[0],
    "--local-files-prefix excludes --private-file-prefix",
  );
  assert.deepEqual(
    refusal(`${FILES} ${platform}`, { REINFER_TOKEN: "t" })[0],
    "--local-files-prefix excludes --reinfer-api-endpoint",
  );
  // Azure is the sink then, and the platform serves the remote config only.
  assert.deepEqual(placeOf(`${azure} ${platform}`, token), {
    kind: "azure",
    location: { account: "acme", container: "mail", prefix: "" },
  });
});

Deno.test("the platform is told by its endpoint, with a prefix of its private paths and a state folder", () => {
  const platform = "--reinfer-api-endpoint https://acme.reinfer.io/api/";
  const endpoint = new URL("https://acme.reinfer.io/api/");
  assert.deepEqual(placeOf(platform, { REINFER_API_TOKEN: "t" }), {
    kind: "platform",
    endpoint,
    privatePrefix: "/api/_private",
  });
  const line = `${platform} --reinfer-api-prefix /x --state-dir s`;
  assert.deepEqual(placeOf(line, { REINFER_API_TOKEN: "t" }), {
    kind: "platform",
    endpoint,
    privatePrefix: "/x",
    stateDir: "s",
  });
});

Deno.test("the platform needs a token, and its token excludes local files in run only", () => {
  const platform = "--reinfer-api-endpoint https://acme.reinfer.io/api/";
  const excluded = (name: string) => [`--local-files-prefix excludes ${name}`];
  assert.deepEqual(refusal(FILES, { REINFER_API_TOKEN: "t" }), excluded("REINFER_API_TOKEN"));
  assert.deepEqual(
    refusal(FILES, { REINFER_API_TOKEN_FILE: "f" }),
    excluded("REINFER_API_TOKEN_FILE"),
  );
  assert.equal(parse(FILES, { REINFER_API_TOKEN: "" }).command, "run");
  assert.equal(parse(FILES, { REINFER_TOKEN: "t" }).command, "run");
  assert.equal(parse(`config show ${FILES}`, { REINFER_API_TOKEN: "t" }).command, "config show");
  assert.match(refusal(platform)[0] ?? "", /needs the variable REINFER_API_TOKEN/);
  for (const name of ["REINFER_API_TOKEN", "REINFER_API_TOKEN_FILE", "REINFER_TOKEN"]) {
    assert.equal(placeOf(platform, { [name]: "t" }).kind, "platform");
  }
});

Deno.test("the platform endpoint is https, or http on this machine", () => {
  const lines = (url: string) => refusal(`--reinfer-api-endpoint ${url}`, { REINFER_TOKEN: "t" });
  for (
    const url of ["https://cloud.uipath.com/org/tenant/reinfer_", "http://127.0.0.1:8080/api/"]
  ) {
    const place = placeOf(`--reinfer-api-endpoint ${url}`, { REINFER_TOKEN: "t" });
    assert.ok(place.kind === "platform" && place.endpoint.href === url);
  }
  for (const url of ["http://acme.example/", "acme.reinfer.io", "https://a.b/?x=1", "ftp://a/"]) {
    assert.match(lines(url)[0] ?? "", /^--reinfer-api-endpoint = ".*": must be an https URL/);
  }
  assert.doesNotMatch(lines("https://user:hunter2@acme.example/?k=hunter2").join(), /hunter2/);
});

Deno.test("pairs of options are given together", () => {
  assert.deepEqual(refusal(`${FILES} --shard-name a-1`), [
    "--shard-name needs --total-shards as well",
  ]);
  assert.deepEqual(refusal(`${FILES} --total-shards 2`), [
    "--total-shards needs --shard-name as well",
  ]);
  assert.equal(
    refusal("config show --remote-config-key k")[0],
    "--remote-config-key needs --remote-config-owner as well",
  );
});

Deno.test("the shard number is below the number of shards", () => {
  assert.deepEqual(refusal(`${FILES} --shard-name ews-3 --total-shards 3`), [
    "--shard-name ends in 3, but with --total-shards 3 shards are numbered from 0 to 2",
  ]);
  assert.match(
    refusal(`${FILES} --shard-name ews --total-shards 3`)[0] ?? "",
    /must be a name that ends/,
  );
  assert.equal(parse(`${FILES} --shard-name ews-0 --total-shards 1`).command, "run");
});

Deno.test("the blob endpoint variable is checked, and never shown", () => {
  const lines = refusal(FILES, { REINFER_EWS_AZURE_BLOB_ENDPOINT: "AccountKey=hunter2" });
  assert.match(lines[0] ?? "", /^REINFER_EWS_AZURE_BLOB_ENDPOINT: must be an https URL/);
  assert.doesNotMatch(lines.join(), /hunter2/);
});

Deno.test("push reads from files or blobs and delivers to the platform, whose token it needs", () => {
  const platform = "--reinfer-api-endpoint https://acme.reinfer.io/api/";
  const token = { REINFER_API_TOKEN: "t" };
  const parsed = parse(`push ${FILES} ${platform} --dry-run --since 2026-01-31`, token);
  assert.ok(parsed.command === "push");
  const { from, destination, dryRun, since } = parsed.options;
  assert.deepEqual(from, { kind: "local", prefix: "mail" });
  assert.equal(destination.endpoint.href, "https://acme.reinfer.io/api/");
  assert.deepEqual([dryRun, since], [true, new Date("2026-01-31T00:00:00Z")]);
  assert.deepEqual(refusal(`push ${FILES}`, token), [
    "Where to is missing: give --reinfer-api-endpoint URL",
  ]);
  assert.deepEqual(refusal(`push ${FILES} ${platform}`), [
    "--reinfer-api-endpoint needs the variable REINFER_API_TOKEN",
  ]);
});

Deno.test("export reads from files or blobs and is told where to write", () => {
  const parsed = parse(`export --private-file-prefix az://acme/mail --to out --force`);
  assert.ok(parsed.command === "export");
  assert.deepEqual([parsed.options.destination.kind, parsed.options.to, parsed.options.force], [
    "azure",
    "out",
    true,
  ]);
  assert.equal(refusal(`export ${FILES}`).length, 1);
});

Deno.test("config pull and push are told which configuration, and push which file", () => {
  const remote = `${FILES} --remote-config-owner acme --remote-config-key ews`;
  assert.equal(parse(`config pull ${remote}`).command, "config pull");
  assert.equal(parse(`config push f.json ${remote}`).command, "config push");
  assert.match(refusal(`config pull ${FILES}`)[0] ?? "", /^Which configuration is missing/);
  assert.ok(refusal(`config push ${remote}`).length > 0, "without a file");
});

Deno.test("unknown and incomplete commands are refused in one line", () => {
  assert.deepEqual(refusal("rnu"), ['Unknown command "rnu"; did you mean "run"?']);
  assert.deepEqual(refusal("config shwo"), [
    'Unknown command "config shwo"; did you mean "config show"?',
  ]);
  assert.deepEqual(refusal("config"), [
    'The command "config" needs a second word: "validate", "show", "pull" or "push"',
  ]);
  assert.deepEqual(refusal(["a\nb"]), ['Unknown command "a\\nb"']);
  assert.deepEqual(refusal([""]), ['Unknown command ""']);
});

Deno.test("the config commands take the options of run, complete or not, and list them", () => {
  const parsed = parse(
    "config show --config c.json --once --bind localhost:80 --shard-name a-0 --total-shards 2",
  );
  assert.ok(parsed.command === "config show");
  assert.deepEqual(parsed.options, {
    configFile: "c.json",
    shard: { number: 0, total: 2 },
    settings: [
      { key: "--config", value: '"c.json"', origin: "flag" },
      { key: "--reinfer-api-prefix", value: '"/api/_private"', origin: "default" },
      { key: "--once", value: "true", origin: "flag" },
      { key: "--shard-name", value: '"a-0"', origin: "flag" },
      { key: "--total-shards", value: '"2"', origin: "flag" },
      { key: "--bind", value: '"localhost:80"', origin: "flag" },
      { key: "--debug-level", value: '"1"', origin: "default" },
    ],
  });
});

Deno.test("version is a command and an option", () => {
  for (const line of ["version", "--version", "run --version", "reinfer-ews --version"]) {
    assert.deepEqual(parse(line), { command: "version" }, line);
  }
  assert.deepEqual(refusal("version --once"), ['Unknown option "--once"']);
});

Deno.test("status takes where the state is, a shard and the form of its output", () => {
  assert.deepEqual(parse(`status ${FILES}`), {
    command: "status",
    options: { destination: { kind: "local", prefix: "mail" }, json: false },
  });
  const line = `status ${FILES} --config c.json --json --shard-name ews-2 --total-shards 3`;
  assert.deepEqual(parse(line), {
    command: "status",
    options: {
      configFile: "c.json",
      destination: { kind: "local", prefix: "mail" },
      json: true,
      shard: { number: 2, total: 3 },
    },
  });
});

Deno.test("status of a running instance needs nothing but where it is", () => {
  const parsed = parse("status --url http://10.0.0.1:8080 --json");
  assert.deepEqual(parsed, {
    command: "status",
    options: { url: new URL("http://10.0.0.1:8080"), json: true },
  });
  assert.deepEqual(refusal(`status ${FILES} --url https://ews.example.com/`), [
    "--url excludes --local-files-prefix",
  ]);
  const [line, ...others] = refusal("status --url http://svc:hunter2@ews/?k=hunter2");
  assert.match(line ?? "", /^--url = ".*": must be an http or https URL/);
  assert.doesNotMatch(line ?? "", /hunter2/);
  assert.deepEqual(others, []);
});

Deno.test("verify takes a mailbox without case, a time, and whether to repair", () => {
  assert.deepEqual(parse(`verify ${FILES}`), {
    command: "verify",
    options: { destination: { kind: "local", prefix: "mail" }, repair: false, debugLevel: 1 },
    warnings: [],
  });
  const line = `verify ${FILES} --config c.json --mailbox Alice@B.C --since 2026-01-31 --repair ` +
    "--shard-name ews-0 --total-shards 2 --debug-level 0 --log-format text";
  assert.deepEqual(parse(line), {
    command: "verify",
    options: {
      configFile: "c.json",
      destination: { kind: "local", prefix: "mail" },
      mailbox: "alice@b.c",
      since: new Date("2026-01-31T00:00:00Z"),
      repair: true,
      shard: { number: 0, total: 2 },
      debugLevel: 0,
      logFormat: "text",
    },
    warnings: [],
  });
});

Deno.test("resync takes one mailbox, a folder path and a time", () => {
  assert.deepEqual(parse(`resync ${FILES} --mailbox A@b.c`), {
    command: "resync",
    options: { destination: { kind: "local", prefix: "mail" }, mailbox: "a@b.c", debugLevel: 1 },
    warnings: [],
  });
  const line = `resync ${FILES} --config c.json --mailbox a@b.c --since 2026-01-31T08:00+02:00 ` +
    "--debug-level 2 --log-format json --folder";
  assert.deepEqual(parse([...line.split(" "), "Inbox/Old mail"]), {
    command: "resync",
    options: {
      configFile: "c.json",
      destination: { kind: "local", prefix: "mail" },
      mailbox: "a@b.c",
      folder: ["Inbox", "Old mail"],
      since: new Date("2026-01-31T06:00:00Z"),
      debugLevel: 2,
      logFormat: "json",
    },
    warnings: [],
  });
  assert.deepEqual(refusal(`resync ${FILES}`), [
    "Which mailbox is missing: give --mailbox ADDRESS",
  ]);
});

Deno.test("a time without offset is read as UTC with a warning, by verify and resync", () => {
  for (const command of ["verify", "resync"] as const) {
    const parsed = parse(`${command} ${FILES} --mailbox a@b.c --since 2026-01-31T08:00`);
    assert.ok(parsed.command === command);
    assert.deepEqual(parsed.options.since, new Date("2026-01-31T08:00:00Z"));
    assert.deepEqual(parsed.warnings, [
      '--since = "2026-01-31T08:00:00.000Z": has no offset and is read as UTC; add Z or an offset ' +
      "such as +02:00",
    ]);
  }
});

Deno.test("values of the commands' own options are validated", () => {
  assert.deepEqual(
    refusal(["resync", "--mailbox=nobody", "--since=2026-02-30", '--folder=["Inbox"']),
    [
      '--mailbox = "nobody": must be an email address, NAME@DOMAIN',
      '--since = "2026-02-30": must be an ISO 8601 date or date-time that exists, such as ' +
      "2024-05-31 or 2024-05-31T08:00:00Z",
      '--folder = "[\\"Inbox\\"": must be folder names with "/" between them, or a JSON array of ' +
      'names for those that hold a "/"',
    ],
  );
});

Deno.test("each command takes its own options only, and names the nearest of them", () => {
  const unknown = (line: string) => refusal(line)[0];
  assert.equal(unknown("status --jsn"), 'Unknown option "--jsn"; did you mean "--json"?');
  assert.equal(unknown("verify --repiar"), 'Unknown option "--repiar"; did you mean "--repair"?');
  assert.equal(unknown("resync --foldr x"), 'Unknown option "--foldr"; did you mean "--folder"?');
  assert.equal(unknown("run --json"), 'Unknown option "--json"');
  assert.equal(unknown("config show --mailbox a@b.c"), 'Unknown option "--mailbox"');
  assert.equal(unknown("status --repair"), 'Unknown option "--repair"');
  assert.equal(unknown("status --log-format json"), 'Unknown option "--log-format"');
  assert.equal(unknown("verify --folder Inbox"), 'Unknown option "--folder"');
  assert.match(unknown("verify --once") ?? "", /^Unknown option "--once"/);
  assert.match(unknown("resync --shard-name a-1") ?? "", /^Unknown option "--shard-name"/);
  assert.match(unknown("resync --retry-skipped") ?? "", /^Unknown option "--retry-skipped"/);
});

Deno.test("status, verify and resync need exactly one destination, as run does", () => {
  for (const command of ["status", "verify", "resync --mailbox a@b.c"]) {
    assert.deepEqual(refusal(command), [NO_DESTINATION]);
    assert.equal(
      parse(`${command} --private-file-prefix az://acme/mail`).command,
      command.split(" ")[0],
    );
    assert.deepEqual(refusal(`${command} ${FILES}`, { REINFER_API_TOKEN: "t" }), [
      "--local-files-prefix excludes REINFER_API_TOKEN",
    ]);
    assert.match(refusal(`${command} ${FILES} --state-dir s`)[0] ?? "", /^--state-dir is only for/);
  }
  assert.deepEqual(refusal(`status ${FILES} --shard-name a-1`), [
    "--shard-name needs --total-shards as well",
  ]);
});

Deno.test("help is on every level and wins over everything else on the line", () => {
  const levels = ["", "config", ...COMMANDS];
  const texts = levels.map((level) => {
    const parsed = parse(`${level} --bogus --help`);
    assert.ok(parsed.command === "help", level);
    assert.deepEqual(parse(`${level} -h`), parsed);
    return parsed.text;
  });
  assert.equal(new Set(texts).size, levels.length, "each level has its own");
  assert.deepEqual(refusal(`${FILES} -- --help`), ['Unexpected argument "--help"']);
});

Deno.test("no command line throws, and every refusal is printable lines", () => {
  const known = OPTION_NAMES.map((name) => `--${name}`);
  const words = [
    "run",
    "config",
    "show",
    "status",
    "verify",
    "resync",
    "reinfer-ews",
    "--",
    "-",
    "-x",
    "--__proto__",
    "--=",
    "=",
    "constructor",
  ];
  const argument = fc.oneof(
    fc.constantFrom(...known, ...words),
    fc.tuple(fc.constantFrom(...known), fc.string()).map(([name, value]) => `${name}=${value}`),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(fc.array(argument, { maxLength: 8 }), (argv) => {
      const parsed = parse(argv);
      if (parsed.command !== "refused") return;
      assert.ok(parsed.lines.length > 0);
      for (const line of parsed.lines) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}]/u);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("every fallback is a value its own option allows", () => {
  for (const [name, rule] of Object.entries<OptionRule<unknown>>(OPTIONS)) {
    if (rule.fallback === undefined) continue;
    assert.deepEqual(rule.decode(String(rule.fallback)), rule.fallback, name);
  }
});
