const MAIL_CLASSES = [
  "ipm.note",
  "ipm.schedule.meeting",
  "ipm.post",
  "ipm.outlook.recall",
  "ipm.recall",
  "report",
] as const;

/** Whether an item class (PR_MESSAGE_CLASS) is one of emails (spec section 3). */
export function isMailClass(itemClass: string): boolean {
  const folded = itemClass.trim().toLowerCase();
  return MAIL_CLASSES.some((prefix) => folded === prefix || folded.startsWith(`${prefix}.`));
}
