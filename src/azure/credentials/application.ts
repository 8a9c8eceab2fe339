import type { CallOptions, Env } from "../../core/env.ts";
import { Secret } from "../../core/secret.ts";
import type { HttpProxy } from "../../http/proxy.ts";
import type { IssuedToken } from "../../http/token_cache.ts";
import type { AzureVariable } from "../azure_variables.ts";
import { assertionOf, certificateWithKeyOf } from "./certificate_file.ts";
import { ClientCredentials, type ClientProof } from "./client_credentials.ts";
import { credentialInvalid } from "./credential_error.ts";
import { type ReadFile, type ReadVariable, textOfFile, variableOf } from "./environment.ts";
import type { TokenCandidate } from "./token_candidate.ts";

export interface ApplicationOptions {
  readonly variable: ReadVariable;
  readonly readFile: ReadFile;
  readonly env: Pick<Env, "clock" | "entropy">;
  /** The proxy through which a URL is reached. */
  readonly proxyFor: (url: URL) => HttpProxy | undefined;
  /** PEM certificates trusted on top of the roots of the process. */
  readonly caCerts: readonly string[];
}

/** A variable that says how the application proves itself, and the proof it leads to. */
interface ProofVariable {
  readonly name: AzureVariable;
  readonly proof: (value: string, client: ClientCredentials) => Promise<ClientProof>;
}

/**
 * An application of Entra ID: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, and one variable that says how it
 * proves itself. Files are read anew for every token, so that they can be replaced.
 */
class Application implements TokenCandidate {
  readonly #way: string;
  readonly #options: ApplicationOptions;
  readonly #proofs: readonly ProofVariable[];

  constructor(way: string, options: ApplicationOptions, proofs: readonly ProofVariable[]) {
    this.#way = way;
    this.#options = options;
    this.#proofs = proofs;
  }

  /** With the variable that counts, as several may be set. */
  get name(): string {
    const chosen = this.#chosen();
    return chosen ? `${this.#way} (${chosen.name})` : this.#way;
  }

  async request(options: CallOptions): Promise<IssuedToken | { readonly absent: string }> {
    const { variable, env, ...network } = this.#options;
    const chosen = this.#chosen();
    if (!chosen) {
      const names = this.#proofs.map(({ name }) => name).join(" and ");
      return { absent: `${names} ${this.#proofs.length > 1 ? "are" : "is"} not set` };
    }
    const client = new ClientCredentials({
      ...network,
      clock: env.clock,
      authorityHost: variableOf(variable, "AZURE_AUTHORITY_HOST"),
      tenantId: needed("AZURE_TENANT_ID", chosen.name, variable),
      clientId: needed("AZURE_CLIENT_ID", chosen.name, variable),
    });
    const proof = await chosen.proof(variableOf(variable, chosen.name) ?? "", client);
    return await client.request(proof, options);
  }

  #chosen(): ProofVariable | undefined {
    const { variable } = this.#options;
    return this.#proofs.find(({ name }) => variableOf(variable, name) !== undefined);
  }
}

/** `AZURE_CLIENT_SECRET` or `AZURE_CLIENT_CERTIFICATE_PATH`, in this order. */
export function environmentApplication(options: ApplicationOptions): TokenCandidate {
  const { variable, readFile, env } = options;
  const secret = (value: string) =>
    Promise.resolve({ kind: "secret" as const, value: new Secret(value) });
  const certificate = async (path: string, { tokenEndpoint }: ClientCredentials) => {
    const pem = await textOfFile(path, "AZURE_CLIENT_CERTIFICATE_PATH", readFile);
    const password = variableOf(variable, "AZURE_CLIENT_CERTIFICATE_PASSWORD");
    const sendsChain = variableOf(variable, "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN") ?? "";
    const value = assertionOf(certificateWithKeyOf(pem, password), {
      clientId: variableOf(variable, "AZURE_CLIENT_ID") ?? "",
      tokenEndpoint,
      sendsChain: /^(?:1|true)$/i.test(sendsChain),
      env,
    });
    return { kind: "certificate" as const, value };
  };
  return new Application("environment", options, [
    { name: "AZURE_CLIENT_SECRET", proof: secret },
    { name: "AZURE_CLIENT_CERTIFICATE_PATH", proof: certificate },
  ]);
}

/** Workload identity: a token that Kubernetes puts into a file and replaces every hour. */
export function workloadIdentity(options: ApplicationOptions): TokenCandidate {
  const name = "AZURE_FEDERATED_TOKEN_FILE";
  const proof = async (path: string) => {
    const token = (await textOfFile(path, name, options.readFile)).trim();
    if (token === "") {
      throw credentialInvalid(
        `${name}: "${path}" is empty`,
        "Check that the pod's service account is annotated for workload identity",
      );
    }
    return { kind: "federated token" as const, value: new Secret(token) };
  };
  return new Application("workload identity", options, [{ name, proof }]);
}

function needed(name: AzureVariable, because: AzureVariable, variable: ReadVariable): string {
  const value = variableOf(variable, name);
  if (value !== undefined) return value;
  throw credentialInvalid(
    `${because} is set and ${name} is not`,
    `Set ${name}, or unset ${because}`,
  );
}
