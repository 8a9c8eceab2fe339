import type { DebianPackages } from "../../scripts/debian_packages.ts";

export interface NtlmAuthOptions {
  readonly packages: DebianPackages;
  /** Where Samba may keep files. */
  readonly folder: string;
  /** That of every user. */
  readonly password: string;
  /** NetBIOS name of the server, at most 15 characters. */
  readonly computer: string;
  /** Whether challenges state the time, which is what asks a client for a MIC. */
  readonly statesTime: boolean;
}

export type Verdict =
  | { readonly challenge: string }
  /** `DOMAIN\user` as Samba writes it. */
  | { readonly user: string }
  /** An NT status. */
  | { readonly refused: string };

const FOLDERS = [
  "state directory",
  "cache directory",
  "lock directory",
  "private dir",
  "pid directory",
];

/**
 * Samba's `ntlm_auth` as the server's side of NTLM on one connection. It takes one message a line,
 * in base64, and answers with a line (its manual: `squid-2.5-ntlmssp`).
 */
export class NtlmAuth implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #unread = "";

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#writer = process.stdin.getWriter();
    this.#reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async start(options: NtlmAuthOptions): Promise<NtlmAuth> {
    const { packages, folder, password, computer, statesTime } = options;
    const settings = [
      ...FOLDERS.map((name) => `${name}=${folder}`),
      `netbios name=${computer}`,
      `ntlmssp_server:force_old_spnego=${statesTime ? "no" : "yes"}`,
    ];
    const process = new Deno.Command(await packages.pathOf("/usr/bin/ntlm_auth"), {
      args: [
        `--configfile=${new URL("smb.conf", import.meta.url).pathname}`,
        "--helper-protocol=squid-2.5-ntlmssp",
        "--username=any",
        "--domain=CORP",
        `--password=${password}`,
        ...settings.map((setting) => `--option=${setting}`),
      ],
      env: { LD_LIBRARY_PATH: packages.libraryPath("samba") },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    return new NtlmAuth(process);
  }

  /** Takes a NEGOTIATE or an AUTHENTICATE in base64. */
  async take(message: string): Promise<Verdict> {
    const isFirst = Uint8Array.fromBase64(message)[8] === 1;
    await this.#writer.write(new TextEncoder().encode(`${isFirst ? "YR" : "KK"} ${message}\n`));
    const [word, text] = split(await this.#line());
    if (word === "TT") return { challenge: text };
    if (word === "AF") return { user: text };
    return { refused: text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#reader.cancel();
    await this.#process.status;
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#unread.indexOf("\n");
      if (end >= 0) {
        const line = this.#unread.slice(0, end);
        this.#unread = this.#unread.slice(end + 1);
        return line;
      }
      const { done, value } = await this.#reader.read();
      if (done) throw new Error("ntlm_auth has ended");
      this.#unread += value;
    }
  }
}

function split(line: string): readonly [word: string, text: string] {
  const space = line.indexOf(" ");
  return space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
}
