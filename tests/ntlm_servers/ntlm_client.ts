import { Secret } from "../../src/core/secret.ts";
import { CredentialGate } from "../../src/http/credential_gate.ts";
import { createNtlmTransport, type NtlmTransport } from "../../src/http/ntlm_transport.ts";
import { textOf } from "../../src/http/testing/text_of.ts";
import { systemClock } from "../../src/runtime/system.ts";

export interface NtlmClientOptions {
  readonly url: URL;
  /** As configured. */
  readonly user: string;
  readonly password: string;
  /** A PEM certificate to trust; absent: any certificate will do. */
  readonly root?: string;
  readonly connectionsMax?: number;
}

const FOREVER = { signal: new AbortController().signal };

/** The appliance's own NTLM client at one server. */
export class NtlmClient implements AsyncDisposable {
  readonly #url: URL;
  readonly #transport: NtlmTransport;

  constructor({ url, user, password, root, connectionsMax }: NtlmClientOptions) {
    this.#url = url;
    this.#transport = createNtlmTransport({
      endpoint: url,
      user,
      password: new Secret(password),
      gate: new CredentialGate(user, systemClock),
      trust: { verify: root !== undefined, extraRoots: root === undefined ? [] : [root] },
      clock: systemClock,
      ...(connectionsMax === undefined ? {} : { connectionsMax }),
    });
  }

  /** Sends `body` and resolves to the status and the body of the answer. */
  async post(body: string): Promise<string> {
    const response = await this.#transport.send({
      method: "POST",
      url: this.#url,
      headers: { "content-type": "text/xml" },
      body: new TextEncoder().encode(body),
    }, FOREVER);
    return `${response.status} ${await textOf(response)}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#transport.close();
  }
}
