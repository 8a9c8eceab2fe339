/** What happened on the way to the platform that the engine's own counts do not tell. */
export class PlatformCounts {
  /** Emails sent as something else than their bytes: not UTF-8, so re-encoded (spec section 5). */
  reencoded = 0;
  /** Different emails that came under an id of another: on the platform they are one record. */
  sharedIds = 0;
  /** Contents of attachments that were uploaded. */
  attachmentsUploaded = 0;
  /** Contents of attachments that the platform does not take, or that are not in the email. */
  attachmentsMissing = 0;
  /** Times that another program was found to write the sync states of a mailbox. */
  foreignWrites = 0;
}
