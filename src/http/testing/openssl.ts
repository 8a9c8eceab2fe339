import { join } from "node:path";

/** Whether this machine has the `openssl` program; where not, its tests are skipped. */
export const HAS_OPENSSL = await hasOpenssl();

export interface OpensslCertificateOptions {
  /** Who signs: a certificate of the same folder; absent: itself. */
  readonly issuer?: string;
  /** Lines of an extensions section; none: X.509 version 1 where somebody else signs. */
  readonly extensions?: readonly string[];
  /** Default: RSA with 2048 bits. */
  readonly rsaBits?: number;
  /** Default: sha256. */
  readonly digest?: string;
}

/** A folder of certificates made by OpenSSL: RSA, and odd ones that nobody else makes. */
export class OpensslFolder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async create(): Promise<OpensslFolder> {
    return new OpensslFolder(await Deno.makeTempDir({ prefix: "reinfer-ews-openssl-" }));
  }

  /** Makes `name.pem` and `name.key`, with `CN=name`. */
  async issue(name: string, options: OpensslCertificateOptions = {}): Promise<void> {
    const { issuer, extensions = [], rsaBits = 2048, digest = "sha256" } = options;
    const file = (suffix: string) => join(this.path, `${name}.${suffix}`);
    await Deno.writeTextFile(file("ext"), extensions.join("\n") + "\n");
    const subject = ["-newkey", `rsa:${rsaBits}`, "-nodes", "-keyout", file("key")];
    await openssl("req", "-new", ...subject, "-subj", `/CN=${name}`, "-out", file("csr"));
    const signer = issuer === undefined ? ["-signkey", file("key")] : [
      ...["-CA", join(this.path, `${issuer}.pem`), "-CAkey", join(this.path, `${issuer}.key`)],
      "-CAcreateserial",
    ];
    const section = extensions.length > 0 ? ["-extfile", file("ext")] : [];
    const out = ["-days", "30", `-${digest}`, "-out", file("pem")];
    await openssl("x509", "-req", "-in", file("csr"), ...signer, ...section, ...out);
  }

  pem(name: string): string {
    return Deno.readTextFileSync(join(this.path, `${name}.pem`));
  }

  /** An `openssl s_server` with a certificate of this folder, on a free loopback port. */
  async serve(name: string, ...options: string[]): Promise<OpensslServer> {
    const file = (suffix: string) => join(this.path, `${name}.${suffix}`);
    const identity = ["-cert", file("pem"), "-key", file("key")];
    return await OpensslServer.start([...identity, ...options]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** A TLS server that answers every request with a page of its own. */
export class OpensslServer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #output: Promise<void>;

  private constructor(process: Deno.ChildProcess, output: Promise<void>, readonly port: number) {
    this.#process = process;
    this.#output = output;
  }

  static async start(options: readonly string[]): Promise<OpensslServer> {
    const process = new Deno.Command("openssl", {
      args: ["s_server", "-accept", "127.0.0.1:0", "-www", ...options],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const { promise: port, resolve, reject } = Promise.withResolvers<number>();
    const output = (async () => {
      let text = "";
      for await (const part of process.stdout.pipeThrough(new TextDecoderStream())) {
        text = (text + part).slice(-1000);
        const [, found] = /ACCEPT \S*:([0-9]+)/.exec(text) ?? [];
        if (found) resolve(Number(found));
      }
      reject(new Error(`openssl s_server ended: ${options.join(" ")}`));
    })();
    return new OpensslServer(process, output, await port);
  }

  get url(): URL {
    return new URL(`https://localhost:${this.port}/`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill();
    await this.#output;
    await this.#process.status;
  }
}

async function openssl(...args: string[]): Promise<void> {
  const options = { args, stdin: "null", stdout: "null", stderr: "piped" } as const;
  const { success, stderr } = await new Deno.Command("openssl", options).output();
  if (!success) throw new Error(`openssl ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

async function hasOpenssl(): Promise<boolean> {
  try {
    await openssl("version");
    return true;
  } catch {
    return false;
  }
}
