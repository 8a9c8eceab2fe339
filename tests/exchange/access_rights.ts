/** Someone who can sign in. */
export interface Account {
  /** Without domain, e.g. `svc-ews`. */
  readonly user: string;
  /** NetBIOS domain name, e.g. `CORP`. */
  readonly domain: string;
  /** User principal name, e.g. `svc-ews@corp.example`. */
  readonly principalName: string;
  readonly password: string;
  /** Address of the account's own mailbox, if it has one. */
  readonly mailbox?: string;
}

const EVERYBODY = "*";

/** Who may open whose mailbox; can change while the server runs, as an administrator would. */
export class AccessRights {
  /** Lower-case principal names to mailbox addresses. */
  readonly #fullAccess = new Map<string, Set<string>>();
  readonly #impersonation = new Map<string, Set<string>>();

  /** Like `Add-MailboxPermission -AccessRights FullAccess`. */
  grantFullAccess(account: Account, mailbox: string): void {
    grant(this.#fullAccess, account, mailbox);
  }

  denyFullAccess(account: Account, mailbox: string): void {
    deny(this.#fullAccess, account, mailbox);
  }

  /** Like the role ApplicationImpersonation, for one mailbox or, without one, for all. */
  grantImpersonation(account: Account, mailbox: string = EVERYBODY): void {
    grant(this.#impersonation, account, mailbox);
  }

  denyImpersonation(account: Account, mailbox: string = EVERYBODY): void {
    deny(this.#impersonation, account, mailbox);
  }

  mayOpen(account: Account, mailbox: string): boolean {
    return account.mailbox?.toLowerCase() === mailbox.toLowerCase() ||
      has(this.#fullAccess, account, mailbox);
  }

  mayImpersonate(account: Account, mailbox: string): boolean {
    return has(this.#impersonation, account, mailbox) ||
      has(this.#impersonation, account, EVERYBODY);
  }
}

type Grants = Map<string, Set<string>>;

function keyOf(account: Account): string {
  return account.principalName.toLowerCase();
}

function grant(grants: Grants, account: Account, mailbox: string): void {
  const granted = grants.get(keyOf(account)) ?? new Set();
  grants.set(keyOf(account), granted.add(mailbox.toLowerCase()));
}

function deny(grants: Grants, account: Account, mailbox: string): void {
  grants.get(keyOf(account))?.delete(mailbox.toLowerCase());
}

function has(grants: Grants, account: Account, mailbox: string): boolean {
  return grants.get(keyOf(account))?.has(mailbox.toLowerCase()) ?? false;
}
