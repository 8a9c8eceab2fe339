import type { AppConfig, AuthConfig, ConfiguredSecret } from "./app_config.ts";

/** The secrets that a configuration holds, for the writer of logs to cut out. */
export function secretsOf({ exchange }: AppConfig): readonly string[] {
  const { auth, proxy } = exchange;
  const proxies = [proxy, auth.type === "oauth2" ? auth.proxy : undefined];
  return [
    signInSecretOf(auth).value.reveal(),
    ...proxies.flatMap((one) => one?.password ? [one.password.reveal()] : []),
  ];
}

/** What an account proves itself by. */
export function signInSecretOf(auth: AuthConfig): ConfiguredSecret {
  if (auth.type !== "oauth2") return auth.password;
  const { credential } = auth;
  return credential.kind === "secret" ? credential.secret : credential.privateKey;
}
