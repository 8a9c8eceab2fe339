import { join } from "node:path";
import type { DebianPackages } from "../../scripts/debian_packages.ts";
import type { CertificateWithKey } from "../../src/http/testing/certificates.ts";
import { ntlmMechanism, type ServerAccount } from "./ntlm_mechanism.ts";
import { ServerProcess } from "./server_process.ts";

/** How it judges channel bindings; see `binding_server.py`. */
export type BindingMode = "never" | "partial" | "always" | "always+mic";

export interface BindingServerOptions {
  readonly packages: DebianPackages;
  readonly certificate: Pick<CertificateWithKey, "pem" | "keyPem">;
  readonly account: ServerAccount;
  readonly mode: BindingMode;
}

export type Logon =
  | {
    readonly user: string;
    /** Whether channel bindings were sent. */
    readonly bound: boolean;
    readonly mic: boolean;
    /** Service principal name. */
    readonly target: string;
  }
  | { readonly refused: string };

/** A server that verifies channel bindings, with gss-ntlmssp; TLS only. */
export class BindingServer implements AsyncDisposable {
  readonly #process: ServerProcess;
  readonly #folder: string;
  #port = "";

  private constructor(process: ServerProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
  }

  static async start(options: BindingServerOptions): Promise<BindingServer> {
    const { packages, certificate, account, mode } = options;
    const folder = await Deno.makeTempDir({ prefix: "binding-server-" });
    const files = { certificate: join(folder, "server.crt"), key: join(folder, "server.key") };
    await Deno.writeTextFile(files.certificate, certificate.pem);
    await Deno.writeTextFile(files.key, certificate.keyPem);
    const script = new URL("binding_server.py", import.meta.url).pathname;
    const process = new ServerProcess({
      program: await packages.pathOf("/usr/bin/python3"),
      args: ["-B", script, files.certificate, files.key, mode],
      env: {
        ...await ntlmMechanism(packages, folder, account),
        PYTHONPATH: await packages.pathOf("/usr/lib/python3/dist-packages"),
      },
    });
    const server = new BindingServer(process, folder);
    try {
      const [port] = await process.lineMatching(/^\d+$/);
      server.#port = port;
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): URL {
    return new URL(`https://localhost:${this.#port}/EWS/Exchange.asmx`);
  }

  /** AUTHENTICATE messages and what became of them; complete once a request is answered. */
  get logons(): readonly Logon[] {
    return this.#process.lines.filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Logon);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}
