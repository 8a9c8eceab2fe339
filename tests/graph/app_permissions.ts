/**
 * Which mailboxes the application may read: all of them at first, as after a consent for the whole
 * tenant; can change while the service runs, as an administrator would. Addresses without case.
 */
export class AppPermissions {
  readonly #denied = new Set<string>();
  readonly #unlicensed = new Set<string>();

  /** Takes a mailbox out of the scope of the application's role. */
  deny(mailbox: string): void {
    this.#denied.add(mailbox.toLowerCase());
  }

  grant(mailbox: string): void {
    this.#denied.delete(mailbox.toLowerCase());
  }

  /** The user stays, and has no mailbox in Exchange Online (any more). */
  withdrawLicence(mailbox: string): void {
    this.#unlicensed.add(mailbox.toLowerCase());
  }

  returnLicence(mailbox: string): void {
    this.#unlicensed.delete(mailbox.toLowerCase());
  }

  mayRead(mailbox: string): boolean {
    return !this.#denied.has(mailbox.toLowerCase());
  }

  isLicensed(mailbox: string): boolean {
    return !this.#unlicensed.has(mailbox.toLowerCase());
  }
}
