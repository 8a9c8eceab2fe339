import { debianPackages } from "../../scripts/debian_packages.ts";

/** The servers of these tests with what they need, or why they cannot be had. */
export const SERVER_PACKAGES = await debianPackages([
  "apache2-bin",
  "libapache2-mod-auth-gssapi",
  "gss-ntlmssp",
  "winbind",
  "python3-gssapi",
  "python3-cryptography",
]);
