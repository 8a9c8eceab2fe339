/** A number of things in words: `1 email`, `2 emails`, `0 mailboxes`. */
export function counted(
  number: number,
  thing: "email" | "folder" | "item" | "mail folder" | "mailbox",
): string {
  if (number === 1) return `1 ${thing}`;
  return `${number} ${thing}${thing.endsWith("x") ? "es" : "s"}`;
}
