import type { AppConfig, AuthConfig } from "./app_config.ts";
import { azureSecretsOf } from "./azure_secrets.ts";
import type { ConfiguredSecret } from "./configured_secret.ts";

/** The secrets that a configuration holds, for the writer of logs to cut out. */
export function secretsOf({ exchange, destination }: AppConfig): readonly string[] {
  const { auth, proxy } = exchange;
  const platform = destination.kind === "platform" ? destination : undefined;
  const proxies = [proxy, auth.type === "oauth2" ? auth.proxy : undefined, platform?.proxy];
  return [
    signInSecretOf(auth).value.reveal(),
    ...(platform ? [platform.token.value.reveal()] : []),
    ...(destination.kind === "azure" ? azureSecretsOf(destination) : []),
    ...proxies.flatMap((one) => one?.password ? [one.password.reveal()] : []),
  ];
}

/** Who signs in, as messages name them. */
export function accountOf(auth: AuthConfig): string {
  return auth.type === "oauth2" ? auth.clientId : auth.user;
}

/** What an account proves itself by. */
export function signInSecretOf(auth: AuthConfig): ConfiguredSecret {
  if (auth.type !== "oauth2") return auth.password;
  const { credential } = auth;
  return credential.kind === "secret" ? credential.secret : credential.privateKey;
}
